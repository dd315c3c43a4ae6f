//! Why a read failed.

use alloy::primitives::{Address, B256, Bytes};

/// Why a read gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No endpoint answered in time; asking again may help.
    #[error("rpc unavailable: {0}")]
    Unavailable(String),
    /// Every endpoint refused for its rate limit; asking again later helps.
    #[error("rpc rate limit: {0}")]
    RateLimited(String),
    /// The endpoint answered something that is not an answer to what was asked.
    #[error("rpc answer not understood: {0}")]
    Malformed(String),
    /// The call itself reverted on chain; `data` is its revert data.
    #[error("call to {target} reverted: {data}")]
    Reverted {
        /// Contract that was asked.
        target: Address,
        /// Its revert data.
        data: Bytes,
    },
    /// The block that the reads were pinned to is not (or no longer) known to the endpoint.
    #[error("block {0} is not known to the endpoint any more")]
    UnknownBlock(B256),
    /// The endpoint understood the question and refused it.
    #[error("rpc refused {method}: {message} (code {code}){}", if *code == -32601 { "; `trimtab doctor` tells what an endpoint lacks" } else { "" })]
    Refused {
        /// JSON-RPC method.
        method: String,
        /// JSON-RPC error code.
        code: i64,
        /// The endpoint's words.
        message: String,
    },
    /// The newest head to be had is too old to act on.
    #[error("stale head: {0}")]
    Stale(String),
}

impl ReadError {
    /// Whether asking again, later or elsewhere, can help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        !matches!(self, Self::Reverted { .. } | Self::Refused { .. })
    }

    /// Whether no endpoint has the method (as `eth_simulateV1` on old nodes).
    #[must_use]
    pub const fn is_missing_method(&self) -> bool {
        matches!(self, Self::Refused { code: -32601, .. })
    }

    /// The process's exit code: 5 for a revert, 6 when the chain could not be read.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        if matches!(self, Self::Reverted { .. }) { 5 } else { 6 }
    }
}
