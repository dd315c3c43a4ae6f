//! The newest block, and whether it is new enough; snapshots pinned to a block.

use std::{sync::Arc, time::Duration};

use alloy::{
    eips::{BlockId, RpcBlockHash},
    primitives::{Address, B256, Bytes, U256, address},
};
use serde_json::{Value, json, value::RawValue};
use tokio::{sync::mpsc, time::timeout};

use super::{
    Answers, Batch, BlockRef, CallRequest, Endpoints, ReadError, Reader, blocks_in, call_error::CallError,
    endpoint::Endpoint, endpoints::decode, multicall3, wire::WireBlock,
};
use crate::units::Secs;

/// An endpoint so far behind another is not used: as far as a head may be old (strategy.md §5).
pub(crate) const BLOCKS_BEHIND: u64 = blocks_in(Duration::from_secs(2));

/// Who has ether on every chain that we act on, to imagine a payment from.
const WRAPPED_ETHER: Address = address!("4200000000000000000000000000000000000006");

/// How long the first endpoint's head waits for the others'.
const GRACE: Duration = Duration::from_millis(150);

impl Reader for Endpoints {
    async fn head(&self) -> Result<BlockRef, ReadError> {
        let head = self
            .in_rounds(|| self.head_round())
            .await
            .map_err(|error| error.into_read_error("eth_getBlockByNumber", multicall3::ADDRESS, None))?;
        self.check_age(head)
    }

    async fn read(&self, at: impl Into<B256> + Send, batch: &Batch) -> Result<Answers, ReadError> {
        let hash = at.into();
        let call = json!({"to": multicall3::ADDRESS, "data": batch.calldata()});
        let params = json!([call, state_of(hash)]);
        let read = self.ask("eth_call", &params, |raw| answers(batch, raw)).await;
        read.map_err(|error| error.into_read_error("eth_call", multicall3::ADDRESS, Some(hash)))
    }

    async fn read_packed(&self, at: impl Into<B256> + Send, batch: &Batch) -> Result<Answers, ReadError> {
        let hash = at.into();
        let now = self.clock().monotonic();
        let able = self.usable().into_iter().next().filter(|endpoint| endpoint.runs_code(now));
        let (Some(endpoint), Some(code)) = (able, batch.packed()) else { return self.read(hash, batch).await };
        let params = json!([{"data": code}, state_of(hash)]);
        // One attempt: whatever fails is asked again in the ordinary way, which knows what is worth another one.
        let answer = endpoint.call(self.clock(), "eth_call", &params, |raw| packed_answers(batch, raw)).await;
        let error = match answer {
            Ok(answers) => {
                endpoint.ran_code();
                return Ok(answers);
            }
            Err(error) => error,
        };
        let answers = self.read(hash, batch).await;
        if answers.is_ok() {
            endpoint.refused_code(&error, self.clock().monotonic());
        }
        answers
    }

    async fn takes_ether(&self, at: impl Into<B256> + Send, account: Address) -> Result<bool, ReadError> {
        let payment = CallRequest::new(WRAPPED_ETHER, account, Bytes::new()).value(U256::ONE);
        match self.call(&payment, state_of(at.into())).await {
            Ok(_) => Ok(true),
            Err(ReadError::Reverted { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The answers to a packed batch.
fn packed_answers(batch: &Batch, raw: &RawValue) -> Result<Answers, CallError> {
    let returned: Bytes = decode(raw)?;
    batch.packed_answers(&returned).map_err(|error| CallError::Malformed(error.to_string()))
}

/// The answers to a batch.
pub(super) fn answers(batch: &Batch, raw: &RawValue) -> Result<Answers, CallError> {
    let returned: Bytes = decode(raw)?;
    batch.answers(&returned).map_err(|error| CallError::Malformed(error.to_string()))
}

/// The state of this block, as long as it is part of the chain: an orphan's state is no basis for anything.
pub(super) const fn state_of(block_hash: B256) -> BlockId {
    BlockId::Hash(RpcBlockHash { block_hash, require_canonical: Some(true) })
}

impl Endpoints {
    /// A batch by code that is not deployed, without the way around: for who wants to know whether an endpoint answers it.
    pub async fn read_code(&self, at: B256, batch: &Batch) -> Result<Answers, ReadError> {
        let code = batch.packed().ok_or_else(|| ReadError::Malformed("more calls than code may be long".to_owned()))?;
        let params = json!([{"data": code}, state_of(at)]);
        let read = self.ask("eth_call", &params, |raw| packed_answers(batch, raw)).await;
        read.map_err(|error| error.into_read_error("eth_call", multicall3::ADDRESS, Some(at)))
    }

    /// Asks every endpoint for its head and takes the newest; the first answer waits a moment for the others.
    async fn head_round(&self) -> Result<BlockRef, CallError> {
        let now = self.clock().monotonic();
        let asked: Vec<_> = self.trusted().filter(|endpoint| endpoint.blocked_for(now).is_none()).cloned().collect();
        if asked.is_empty() {
            return Err(self.why_none());
        }
        let (sender, mut heads) = mpsc::channel(asked.len());
        for endpoint in &asked {
            // Tasks of their own, so that a slow endpoint's answer still counts for its health after we went on.
            let (endpoint, shared, sender) = (endpoint.clone(), self.shared.clone(), sender.clone());
            tokio::spawn(async move {
                let head = latest(&endpoint, &shared).await;
                let _ = sender.send((endpoint.name(), head)).await;
            });
        }
        drop(sender);
        let mut best: Option<BlockRef> = None;
        let mut errors = Vec::new();
        while let Some((name, head)) = next(&mut heads, best.is_some()).await {
            match head {
                Ok(head) if best.is_none_or(|best| head.number > best.number) => best = Some(head),
                Ok(_) => {}
                Err(error) => errors.push((name, error)),
            }
        }
        let Some(best) = best else { return Err(CallError::of_round(errors)) };
        self.judge_heads(best)
    }

    /// Marks who is behind; refuses the best head when an endpoint that went silent was already further.
    pub(super) fn judge_heads(&self, best: BlockRef) -> Result<BlockRef, CallError> {
        let now = self.clock().monotonic();
        let highest = self.trusted().filter_map(|endpoint| endpoint.last_head(now)).max().unwrap_or(best.number);
        for endpoint in self.trusted() {
            let behind = endpoint.last_head(now).is_some_and(|head| highest.saturating_sub(head) > BLOCKS_BEHIND);
            if behind && !endpoint.is_behind() {
                tracing::warn!(endpoint = %endpoint.name(), highest, "endpoint is behind the others, not used");
            }
            endpoint.set_behind(behind);
        }
        let missing = highest.saturating_sub(best.number);
        if missing > BLOCKS_BEHIND {
            let found = format!("block {} is {missing} behind block {highest} of an endpoint now silent", best.number);
            return Err(CallError::Stale(found));
        }
        Ok(best)
    }

    /// On the live chain, refuses a head that lies behind the wall clock.
    pub(crate) fn check_age(&self, head: BlockRef) -> Result<BlockRef, ReadError> {
        let is_live = self.identity().is_some_and(|identity| identity.is_live());
        let most = Secs(self.shared.rpc.max_head_lag.as_secs());
        let wall = self.clock().wall();
        if is_live && head.timestamp.plus(most) < wall {
            let lag = wall.0.saturating_sub(head.timestamp.0);
            let found =
                format!("block {} is {lag} s old, more than the {} s allowed (rpc.max_head_lag)", head.number, most.0);
            return Err(ReadError::Stale(found));
        }
        Ok(head)
    }
}

async fn next<T>(heads: &mut mpsc::Receiver<T>, have_one: bool) -> Option<T> {
    if have_one { timeout(GRACE, heads.recv()).await.ok().flatten() } else { heads.recv().await }
}

async fn latest(endpoint: &Arc<Endpoint>, shared: &super::endpoints::Shared) -> Result<BlockRef, CallError> {
    let params: Value = json!(["latest", false]);
    let head = endpoint
        .call(&*shared.clock, "eth_getBlockByNumber", &params, |raw| decode::<WireBlock>(raw).map(BlockRef::from))
        .await?;
    endpoint.set_head(head.number, shared.clock.monotonic());
    Ok(head)
}
