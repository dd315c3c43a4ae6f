//! Which network the endpoints are on.
//!
//! Replica, fork and mainnet share chain id, addresses and signing domains, so none of these can tell them apart;
//! client, genesis and a remembered block do (DESIGN.md §1.7). What cannot be told apart is refused.

use std::{fmt, sync::Arc};

use alloy::primitives::{B256, U64, b256};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    BlockRef, Endpoints, ReadError,
    call_error::CallError,
    endpoint::{Endpoint, Standing},
    endpoints::decode,
    queries::block_params,
    wire::WireBlock,
};

/// Chain id of Base, and of its replicas and forks.
pub const BASE_CHAIN_ID: u64 = 8453;

/// Hash of Base mainnet's block 0.
pub const BASE_GENESIS: B256 = b256!("f712aa9241cc24369b143cf6dce85f0902a9731e70d66818a3a5845b296c73dd");

/// How far below the lowest head a new checkpoint is taken: deeper than a reorg, near enough for every node.
const CHECKPOINT_DEPTH: u64 = 8;

/// Clients that pretend to be a chain.
const PRETENDERS: [&str; 5] = ["anvil", "hardhat", "ganache", "tenderly", "edr"];

/// A network, identified by what its endpoints said and agreed on. Made only by [`Endpoints::verify_all`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkIdentity {
    chain_id: u64,
    genesis: B256,
    client: String,
    kind: NetworkKind,
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
        write!(f, "{} (genesis {}, {})", self.id(), self.genesis, self.client)
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
        "{endpoint} is an unknown network: client {client}, genesis {genesis}; Base's genesis is {BASE_GENESIS}, and local chains must be anvil"
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

/// One endpoint's word on what it is.
#[derive(Debug, Clone)]
struct Witness {
    endpoint: Arc<Endpoint>,
    identity: NetworkIdentity,
    head: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnvilMetadata {
    instance_id: B256,
    #[serde(default)]
    forked_network: Option<ForkedFrom>,
}

impl Endpoints {
    /// Asks every endpoint who it is. All that answer must be on one network and agree on a block: the remembered
    /// checkpoint, or a new one, which is returned for the journal to remember. Endpoints that are away are not used
    /// until verification is repeated.
    pub async fn verify_all(
        &self,
        remembered: Option<Checkpoint>,
    ) -> Result<(NetworkIdentity, Checkpoint), IdentityError> {
        let witnesses = self.hear_all().await?;
        let Some((first, others)) = witnesses.split_first() else {
            return Err(ReadError::Unavailable("no endpoint is usable".to_owned()).into());
        };
        for other in others {
            let (one, two) = (&first.identity, &other.identity);
            if (one.chain_id, one.genesis, &one.kind) != (two.chain_id, two.genesis, &two.kind) {
                return Err(IdentityError::Disagree {
                    first: first.endpoint.name(),
                    one: one.to_string(),
                    second: other.endpoint.name(),
                    other: two.to_string(),
                });
            }
        }
        let checkpoint = match remembered {
            Some(checkpoint) => checkpoint,
            None => {
                let lowest = witnesses.iter().map(|witness| witness.head).min().unwrap_or_default();
                self.new_checkpoint(first, lowest.saturating_sub(CHECKPOINT_DEPTH)).await?
            }
        };
        for witness in &witnesses {
            let found = self.hash_at(&witness.endpoint, checkpoint.number).await?;
            if found != Some(checkpoint.hash) {
                let (number, expected) = (checkpoint.number, checkpoint.hash);
                return Err(IdentityError::OtherCheckpoint {
                    endpoint: witness.endpoint.name(),
                    number,
                    expected,
                    found,
                });
            }
        }
        for witness in &witnesses {
            witness.endpoint.set_standing(Standing::Verified);
        }
        self.set_identity(first.identity.clone());
        Ok((first.identity.clone(), checkpoint))
    }

    /// The word of every endpoint that answers, in the order given.
    async fn hear_all(&self) -> Result<Vec<Witness>, IdentityError> {
        let mut asked = JoinSet::new();
        for (index, endpoint) in self.shared.endpoints.iter().cloned().enumerate() {
            let endpoints = self.clone();
            asked.spawn(async move {
                let witness = endpoints.hear(&endpoint).await;
                (index, endpoint, witness)
            });
        }
        let mut witnesses = Vec::new();
        let mut away = Vec::new();
        while let Some(joined) = asked.join_next().await {
            let (index, endpoint, witness) =
                joined.map_err(|error| ReadError::Unavailable(format!("verification: {error}")))?;
            match witness {
                Ok(witness) => witnesses.push((index, witness)),
                Err(IdentityError::Read(error)) => {
                    tracing::warn!(endpoint = %endpoint.name(), %error, "endpoint not verified, not used");
                    endpoint.set_standing(Standing::Absent);
                    away.push((index, error));
                }
                Err(error) => return Err(error),
            }
        }
        witnesses.sort_by_key(|(index, _)| *index);
        away.sort_by_key(|(index, _)| *index);
        match away.into_iter().next() {
            Some((_, error)) if witnesses.is_empty() => Err(error.into()),
            _ => Ok(witnesses.into_iter().map(|(_, witness)| witness).collect()),
        }
    }

    async fn hear(&self, endpoint: &Arc<Endpoint>) -> Result<Witness, IdentityError> {
        let chain_id: U64 = self.tell(endpoint, "eth_chainId", json!([])).await?;
        if chain_id.to::<u64>() != BASE_CHAIN_ID {
            return Err(IdentityError::WrongChain { endpoint: endpoint.name(), found: chain_id.to() });
        }
        let genesis = self.hash_at(endpoint, 0).await?.unwrap_or_default();
        let client: String =
            self.try_tell(endpoint, "web3_clientVersion", json!([])).await?.unwrap_or_else(|| "unnamed".to_owned());
        let node: Option<Value> = self.try_tell(endpoint, "anvil_nodeInfo", json!([])).await?;
        let metadata: Option<AnvilMetadata> = self.try_tell(endpoint, "anvil_metadata", json!([])).await?;
        let named = client.to_lowercase();
        let pretends = node.is_some() || PRETENDERS.iter().any(|name| named.contains(name));
        let kind = match metadata {
            Some(AnvilMetadata { instance_id, forked_network: Some(of) }) => {
                NetworkKind::Fork { instance: instance_id, of }
            }
            Some(AnvilMetadata { instance_id, forked_network: None }) => NetworkKind::Replica { instance: instance_id },
            None if !pretends && genesis == BASE_GENESIS => NetworkKind::Live,
            None => return Err(IdentityError::UnknownNetwork { endpoint: endpoint.name(), client, genesis }),
        };
        let head: U64 = self.tell(endpoint, "eth_blockNumber", json!([])).await?;
        let identity = NetworkIdentity { chain_id: chain_id.to(), genesis, client, kind };
        Ok(Witness { endpoint: endpoint.clone(), identity, head: head.to() })
    }

    async fn new_checkpoint(&self, witness: &Witness, number: u64) -> Result<Checkpoint, IdentityError> {
        let hash = self.hash_at(&witness.endpoint, number).await?;
        let missing =
            || ReadError::Malformed(format!("{} has no block {number} below its head", witness.endpoint.name()));
        Ok(Checkpoint { number, hash: hash.ok_or_else(missing)? })
    }

    async fn hash_at(&self, endpoint: &Endpoint, number: u64) -> Result<Option<B256>, ReadError> {
        let block: Option<WireBlock> = self.tell(endpoint, "eth_getBlockByNumber", block_params(number)).await?;
        Ok(block.map(|block| BlockRef::from(block).hash))
    }

    /// Asks one endpoint, again where it is busy.
    async fn tell<R: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        method: &str,
        params: Value,
    ) -> Result<R, ReadError> {
        let answer = self.in_rounds(|| endpoint.call(self.clock(), method, &params, decode)).await;
        answer.map_err(|error| named(endpoint, error).into_read_error(method, Default::default(), None))
    }

    /// The same, where the endpoint may not have the method: what it refuses in words it does not have. Silence is
    /// no refusal, or a slow anvil would pass for something else.
    async fn try_tell<R: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        method: &str,
        params: Value,
    ) -> Result<Option<R>, ReadError> {
        match self.tell(endpoint, method, params).await {
            Ok(answer) => Ok(Some(answer)),
            Err(ReadError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn named(endpoint: &Endpoint, error: CallError) -> CallError {
    CallError::of_round(vec![(endpoint.name(), error)])
}
