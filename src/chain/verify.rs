//! Asking the endpoints who they are.

use std::{sync::Arc, time::Duration};

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{B256, U64},
};
use futures_util::future::try_join_all;
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

/// A network that the endpoints were found to be on.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Which one.
    pub identity: NetworkIdentity,
    /// The block that they agree on, for the journal to remember.
    pub checkpoint: Checkpoint,
    /// The newest block that any of them had; how old it may be is for whoever uses it to say.
    pub head: BlockRef,
}

/// One endpoint's word on what it is.
#[derive(Debug, Clone)]
struct Witness {
    endpoint: Arc<Endpoint>,
    identity: NetworkIdentity,
    head: BlockRef,
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
        Box::pin(self.verify(remembered)).await.map(|Verified { identity, checkpoint, .. }| (identity, checkpoint))
    }

    /// The same, with the newest block that was told on the way.
    pub async fn verify(&self, remembered: Option<Checkpoint>) -> Result<Verified, IdentityError> {
        let witnesses = self.hear_all().await?;
        let Some((first, others)) = witnesses.split_first() else {
            return Err(ReadError::Unavailable("no endpoint is usable".to_owned()).into());
        };
        for other in others {
            if !other.identity.is_same_network(&first.identity) {
                return Err(IdentityError::Disagree {
                    first: first.endpoint.name(),
                    one: first.identity.to_string(),
                    second: other.endpoint.name(),
                    other: other.identity.to_string(),
                });
            }
        }
        let endpoints: Vec<_> = witnesses.iter().map(|witness| witness.endpoint.clone()).collect();
        let checkpoint = match remembered {
            Some(checkpoint) => {
                Box::pin(self.agree(&endpoints, checkpoint)).await?;
                checkpoint
            }
            None => {
                let lowest = witnesses.iter().map(|witness| witness.head.number).min().unwrap_or_default();
                Box::pin(self.new_checkpoint(&endpoints, lowest)).await?
            }
        };
        let mut head = first.head;
        for witness in &witnesses {
            witness.endpoint.set_standing(Standing::Verified);
            witness.endpoint.set_head(witness.head.number, self.clock().monotonic());
            head = if witness.head.number > head.number { witness.head } else { head };
        }
        self.set_identity(first.identity.clone());
        // Whom a head puts behind the others is marked; the newest of all that were just told cannot be refused.
        let head = self.judge_heads(head).unwrap_or(head);
        Ok(Verified { identity: first.identity.clone(), checkpoint, head })
    }

    /// Holds the endpoints against a block that the journal remembers. Those that said in this process who they are, and
    /// agreed, are not asked that again; where one was away then, all are.
    pub async fn verify_checkpoint(&self, remembered: Checkpoint) -> Result<(), IdentityError> {
        let endpoints = &self.shared.endpoints;
        let known = endpoints.iter().all(|endpoint| endpoint.standing() == Standing::Verified);
        if known && self.identity().is_some() {
            return Box::pin(self.agree(endpoints, remembered)).await;
        }
        Box::pin(self.verify(Some(remembered))).await.map(drop)
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
        let of_theirs = |found: &NetworkIdentity| self.identity().is_none_or(|own| own.is_same_network(found));
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
        // Side by side: none of the answers changes what else is asked.
        let (chain_id, genesis, client, node, metadata, head) = tokio::join!(
            self.tell::<U64>(endpoint, "eth_chainId", json!([])),
            self.hash_at(endpoint, 0),
            self.try_tell::<String>(endpoint, "web3_clientVersion", json!([])),
            self.try_tell::<Value>(endpoint, "anvil_nodeInfo", json!([])),
            self.try_tell::<AnvilMetadata>(endpoint, "anvil_metadata", json!([])),
            self.tell::<WireBlock>(endpoint, "eth_getBlockByNumber", json!([BlockNumberOrTag::Latest, false])),
        );
        let chain_id = chain_id?;
        if chain_id.to::<u64>() != BASE_CHAIN_ID {
            return Err(IdentityError::WrongChain { endpoint: endpoint.name(), found: chain_id.to() });
        }
        let (genesis, client) = (genesis?.unwrap_or_default(), client?.unwrap_or_else(|| "unnamed".to_owned()));
        let (node, metadata, head) = (node?, metadata?, BlockRef::from(head?));
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
        let identity = NetworkIdentity { chain_id: chain_id.to(), genesis, client, kind };
        Ok(Witness { endpoint: endpoint.clone(), identity, head })
    }

    /// The first endpoint's block below the lowest head, which all must have: a deep one, or a shallow one where it has no
    /// block so deep. Both are asked for at once.
    async fn new_checkpoint(&self, endpoints: &[Arc<Endpoint>], lowest: u64) -> Result<Checkpoint, IdentityError> {
        let depths = [CHECKPOINT_DEPTH, SHALLOW_CHECKPOINT].map(|depth| lowest.saturating_sub(depth));
        let both = |endpoint: &Arc<Endpoint>| {
            let endpoint = endpoint.clone();
            async move {
                let [deep, shallow] = depths;
                let deep = async {
                    match self.hash_at(&endpoint, deep).await {
                        Err(ReadError::Malformed(_)) => Ok(None),
                        deep => deep,
                    }
                };
                tokio::try_join!(deep, self.hash_at(&endpoint, shallow))
            }
        };
        let found = try_join_all(endpoints.iter().map(both)).await?;
        let [deep, shallow] = depths;
        let is_deep = found.first().is_some_and(|(deep, _)| deep.is_some());
        let number = if is_deep { deep } else { shallow };
        let hashes: Vec<Option<B256>> =
            found.into_iter().map(|(deep, shallow)| if is_deep { deep } else { shallow }).collect();
        let Some(hash) = hashes.first().copied().flatten() else {
            let name = endpoints.first().map(|endpoint| endpoint.name()).unwrap_or_default();
            return Err(ReadError::Malformed(format!("{name} has no block {number} below its head")).into());
        };
        let checkpoint = Checkpoint { number, hash };
        require(checkpoint, endpoints.iter().zip(hashes))?;
        Ok(checkpoint)
    }

    /// Refuses when an endpoint does not have this block.
    async fn agree(&self, endpoints: &[Arc<Endpoint>], checkpoint: Checkpoint) -> Result<(), IdentityError> {
        let hashes = endpoints.iter().map(|endpoint| self.hash_at(endpoint, checkpoint.number));
        let hashes = try_join_all(hashes).await?;
        require(checkpoint, endpoints.iter().zip(hashes))
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

/// Refuses when an endpoint found another block at the checkpoint's height, or none.
fn require<'a>(
    checkpoint: Checkpoint,
    found: impl Iterator<Item = (&'a Arc<Endpoint>, Option<B256>)>,
) -> Result<(), IdentityError> {
    let Checkpoint { number, hash: expected } = checkpoint;
    for (endpoint, found) in found {
        if found != Some(expected) {
            return Err(IdentityError::OtherCheckpoint { endpoint: endpoint.name(), number, expected, found });
        }
    }
    Ok(())
}

fn named(endpoint: &Endpoint, error: CallError) -> CallError {
    CallError::of_round(vec![(endpoint.name(), error)])
}
