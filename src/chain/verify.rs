//! Asking the endpoints who they are.

use std::{sync::Arc, time::Duration};

use alloy::primitives::{B256, U64};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    BASE_CHAIN_ID, BASE_GENESIS, BlockRef, Checkpoint, Endpoints, ForkedFrom, IdentityError, NetworkIdentity,
    NetworkKind, ReadError,
    block::blocks_in,
    call_error::CallError,
    endpoint::{Endpoint, Standing},
    endpoints::decode,
    queries::block_params,
    wire::WireBlock,
};

/// How far below the lowest head a new checkpoint is taken: deeper than a reorg, near enough for every node.
const CHECKPOINT_DEPTH: u64 = blocks_in(Duration::from_secs(16));

/// The same where an endpoint has no block so deep: a local chain's saved state holds few.
const SHALLOW_CHECKPOINT: u64 = 8;

/// Clients that pretend to be a chain.
const PRETENDERS: [&str; 5] = ["anvil", "hardhat", "ganache", "tenderly", "edr"];

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
                match self.new_checkpoint(first, lowest.saturating_sub(CHECKPOINT_DEPTH)).await {
                    Err(IdentityError::Read(ReadError::Malformed(_))) => {
                        self.new_checkpoint(first, lowest.saturating_sub(SHALLOW_CHECKPOINT)).await?
                    }
                    deep => deep?,
                }
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

    /// Whether an endpoint that was not among those verified is on their network.
    pub(super) async fn is_of_this_network(&self, endpoint: &Arc<Endpoint>) -> bool {
        let of_theirs = |found: &NetworkIdentity| {
            self.identity().is_none_or(|own| {
                (own.chain_id, own.genesis, &own.kind) == (found.chain_id, found.genesis, &found.kind)
            })
        };
        match self.hear(endpoint).await {
            Ok(witness) if of_theirs(&witness.identity) => true,
            Ok(witness) => {
                let found = &witness.identity;
                tracing::warn!(endpoint = %endpoint.name(), %found, "another network, not used");
                false
            }
            Err(error) => {
                tracing::debug!(endpoint = %endpoint.name(), %error, "no WebSocket there");
                false
            }
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
