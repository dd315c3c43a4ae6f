//! Why one call to one endpoint gave no answer, before it is known whether another endpoint can help.

use std::{fmt, time::Duration};

use alloy::primitives::{Address, B256, Bytes};
use bytesize::ByteSize;

use super::ReadError;

/// The outcome of a call that gave no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CallError {
    /// Nothing, or nothing in time, or a server error.
    Unavailable(String),
    /// The endpoint asks for patience.
    RateLimited { message: String, wait: Option<Duration> },
    /// Not an answer to the question.
    Malformed(String),
    /// More than an answer may be.
    TooLarge(ByteSize),
    /// The call reverted with this data.
    Reverted(Bytes),
    /// The block is not, or no longer, known there.
    UnknownBlock(String),
    /// The endpoint understood and refused; `code` is JSON-RPC's, or the status of an HTTP 4xx.
    Refused { code: i64, message: String },
    /// All endpoints that answer are behind.
    Stale(String),
}

/// "There is no such method"; another endpoint may have it.
pub(super) const METHOD_NOT_FOUND: i64 = -32601;

impl CallError {
    /// Whether another endpoint could answer differently.
    pub(super) const fn is_local_to_endpoint(&self) -> bool {
        match self {
            Self::Reverted(_) => false,
            Self::Refused { code, .. } => *code == METHOD_NOT_FOUND || (*code >= 400 && *code < 500),
            _ => true,
        }
    }

    /// Whether asking again after a pause can help.
    pub(super) const fn is_transient(&self) -> bool {
        !matches!(self, Self::Reverted(_) | Self::Refused { .. } | Self::TooLarge(_))
    }

    /// The one error that tells most about a round in which no endpoint answered.
    pub(super) fn of_round(errors: Vec<(String, Self)>) -> Self {
        let rank = |error: &Self| match error {
            Self::Refused { .. } | Self::Reverted(_) => 0,
            Self::UnknownBlock(_) => 1,
            Self::Stale(_) => 2,
            Self::Unavailable(_) | Self::Malformed(_) => 3,
            Self::TooLarge(_) => 4,
            Self::RateLimited { .. } => 5,
        };
        let said = errors.iter().map(|(name, error)| format!("{name}: {error}")).collect::<Vec<_>>().join("; ");
        let shortest = errors.iter().filter_map(|(_, error)| error.wait()).min();
        match errors.into_iter().map(|(_, error)| error).min_by_key(rank) {
            None => Self::Unavailable("no endpoint is usable".to_owned()),
            Some(Self::UnknownBlock(_)) => Self::UnknownBlock(said),
            Some(Self::Stale(_)) => Self::Stale(said),
            Some(Self::Unavailable(_)) => Self::Unavailable(said),
            Some(Self::Malformed(_)) => Self::Malformed(said),
            Some(Self::RateLimited { .. }) => Self::RateLimited { message: said, wait: shortest },
            Some(definite) => definite,
        }
    }

    /// How long the endpoint asked us to wait.
    pub(super) const fn wait(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { wait, .. } => *wait,
            _ => None,
        }
    }

    /// For the caller: `target` is what a revert is blamed on, `block` what an unknown block was.
    pub(super) fn into_read_error(self, method: &str, target: Address, block: Option<B256>) -> ReadError {
        match self {
            Self::Unavailable(message) => ReadError::Unavailable(message),
            Self::RateLimited { message, .. } => ReadError::RateLimited(message),
            Self::Malformed(message) => ReadError::Malformed(message),
            Self::TooLarge(_) => ReadError::Malformed(self.to_string()),
            Self::Reverted(data) => ReadError::Reverted { target, data },
            Self::UnknownBlock(message) => match block {
                Some(hash) => ReadError::UnknownBlock(hash),
                None => ReadError::Unavailable(message),
            },
            Self::Refused { code, message } => ReadError::Refused { method: method.to_owned(), code, message },
            Self::Stale(message) => ReadError::Stale(message),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(message) | Self::Malformed(message) | Self::Stale(message) => f.write_str(message),
            Self::RateLimited { message, wait: Some(wait) } => {
                write!(f, "{message} (asks to wait {})", humantime::format_duration(*wait))
            }
            Self::RateLimited { message, wait: None } => f.write_str(message),
            Self::TooLarge(limit) => write!(
                f,
                "an answer of more than {}, the most that rpc.max_response_bytes lets through",
                limit.display().si()
            ),
            Self::Reverted(data) => write!(f, "reverted: {data}"),
            Self::UnknownBlock(message) => write!(f, "unknown block: {message}"),
            Self::Refused { code, message } => write!(f, "{message} (code {code})"),
        }
    }
}
