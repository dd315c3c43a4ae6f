//! Which network the endpoints are on.
//!
//! Replica, fork and mainnet share chain id, addresses and signing domains, so none of these can tell them apart;
//! client, genesis and a remembered block do (docs/safety.md, Which network). What cannot be told apart is refused.

use std::fmt;

use alloy::primitives::{B256, b256};
use serde::{Deserialize, Serialize};

use super::ReadError;
use crate::text::one_line;

/// Chain id of Base, and of its replicas and forks.
pub const BASE_CHAIN_ID: u64 = 8453;

/// Hash of Base mainnet's block 0.
pub const BASE_GENESIS: B256 = b256!("f712aa9241cc24369b143cf6dce85f0902a9731e70d66818a3a5845b296c73dd");

/// A network, identified by what its endpoints said and agreed on. Made only by
/// [`Endpoints::verify_all`](super::Endpoints::verify_all).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkIdentity {
    pub(super) chain_id: u64,
    pub(super) genesis: B256,
    pub(super) client: String,
    pub(super) kind: NetworkKind,
}

/// What sort of network it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NetworkKind {
    /// Base mainnet: its genesis, and no development node.
    Live,
    /// A local chain of its own.
    Replica {
        /// Anvil's id of this run of it.
        instance: B256,
    },
    /// A local chain on top of another one.
    Fork {
        /// Anvil's id of this run of it.
        instance: B256,
        /// What it was forked from.
        of: ForkedFrom,
    },
}

/// The block that a fork begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct ForkedFrom {
    /// Chain id of the origin.
    pub chain_id: u64,
    /// Height.
    #[serde(rename(deserialize = "forkBlockNumber"))]
    pub block_number: u64,
    /// Hash.
    #[serde(rename(deserialize = "forkBlockHash"))]
    pub block_hash: B256,
}

/// The network's name for directories: `base`, `replica-1a2b3c4d5e6f`, `fork-1a2b3c4d5e6f`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct NetworkId(String);

impl NetworkId {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A block that the chain had once and must have for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Height.
    pub number: u64,
    /// Hash.
    pub hash: B256,
}

impl NetworkIdentity {
    /// Always [`BASE_CHAIN_ID`].
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// Hash of block 0.
    #[must_use]
    pub const fn genesis(&self) -> B256 {
        self.genesis
    }

    /// What the first endpoint's node calls itself.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.client
    }

    /// What sort of network it is.
    #[must_use]
    pub const fn kind(&self) -> &NetworkKind {
        &self.kind
    }

    /// Whether real money is at stake.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.kind, NetworkKind::Live)
    }

    /// Whether two endpoints that say this of themselves are on one network, whatever their nodes call themselves.
    pub(super) fn is_same_network(&self, other: &Self) -> bool {
        (self.chain_id, self.genesis, &self.kind) == (other.chain_id, other.genesis, &other.kind)
    }

    /// Its name for directories.
    #[must_use]
    pub fn id(&self) -> NetworkId {
        let short =
            |instance: &B256| instance.to_string().trim_start_matches("0x").chars().take(12).collect::<String>();
        NetworkId(match &self.kind {
            NetworkKind::Live => "base".to_owned(),
            NetworkKind::Replica { instance } => format!("replica-{}", short(instance)),
            NetworkKind::Fork { instance, .. } => format!("fork-{}", short(instance)),
        })
    }
}

impl fmt::Display for NetworkIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (genesis {}, {})", self.id(), self.genesis, one_line(&self.client))
    }
}

/// Why the network is not one we act on.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Another chain.
    #[error("{endpoint} is on chain {found}, not on Base ({BASE_CHAIN_ID})")]
    WrongChain {
        /// Which endpoint.
        endpoint: String,
        /// Its chain id.
        found: u64,
    },
    /// Neither Base nor an anvil.
    #[error(
        "{endpoint} is an unknown network: client {}, genesis {genesis}; Base's genesis is {BASE_GENESIS}, and local chains must be anvil",
        one_line(client)
    )]
    UnknownNetwork {
        /// Which endpoint.
        endpoint: String,
        /// What its node calls itself.
        client: String,
        /// Its block 0.
        genesis: B256,
    },
    /// Two endpoints, two networks.
    #[error(
        "the endpoints are on different networks: {first} is on {one}, {second} on {other}; give endpoints of one network"
    )]
    Disagree {
        /// An endpoint.
        first: String,
        /// Its network.
        one: String,
        /// Another endpoint.
        second: String,
        /// Its network.
        other: String,
    },
    /// The chain is not the one that it was.
    #[error("{endpoint} has {} at height {number}, not {expected}: this is another chain than before", found.map_or_else(|| "no block".to_owned(), |hash| hash.to_string()))]
    OtherCheckpoint {
        /// Which endpoint.
        endpoint: String,
        /// Height.
        number: u64,
        /// The remembered hash.
        expected: B256,
        /// What is there now.
        found: Option<B256>,
    },
    /// No endpoint could be asked.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl IdentityError {
    /// The process's exit code: 6 when nobody answered, otherwise 3.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Read(error) => error.exit_code(),
            _ => 3,
        }
    }
}
