//! Several transactions of one role in one block, whatever the node's way of mining.

use alloy::primitives::{B256, U64};
use serde_json::{Value, json};

use crate::{
    chain::BlockRef,
    localchain::{
        LocalChainError, Role,
        node::{Call, Node},
    },
    units::Secs,
};

/// Gas of one control transaction that is not a swap.
pub(super) const SMALL: u64 = 500_000;
/// Gas of one feed's new answer: the two feeds of a price fit into a block that has room for little else.
pub(super) const ANSWER: u64 = 200_000;

/// Mines these calls of a role, in their order, in one block; at this time if one is given.
pub(super) async fn mine_together(
    node: &Node,
    role: Role,
    calls: &[Call],
    at: Option<Secs>,
) -> Result<BlockRef, LocalChainError> {
    let who = role.address();
    node.impersonate(who, true).await?;
    let paused = match pause(node).await {
        Ok(paused) => paused,
        Err(error) => {
            node.impersonate(who, false).await?;
            return Err(error);
        }
    };
    let mined = mine(node, calls, at).await;
    let resumed = paused.resume(node).await;
    let released = node.impersonate(who, false).await;
    let (hashes, block) = mined?;
    resumed?;
    released?;
    for (hash, call) in hashes.iter().zip(calls) {
        settled(node, *hash, call, &block).await?;
    }
    Ok(block)
}

async fn mine(node: &Node, calls: &[Call], at: Option<Secs>) -> Result<(Vec<B256>, BlockRef), LocalChainError> {
    let mut hashes = Vec::with_capacity(calls.len());
    for call in calls {
        hashes.push(node.queue(call).await?);
    }
    if let Some(Secs(time)) = at {
        node.request::<Value>("evm_setNextBlockTimestamp", json!([time])).await?;
    }
    node.request::<Value>("evm_mine", json!([])).await?;
    Ok((hashes, node.head().await?))
}

async fn settled(node: &Node, hash: B256, call: &Call, block: &BlockRef) -> Result<(), LocalChainError> {
    let what = || format!("control call to {}", call.to);
    let receipt = node.receipt(hash).await?.ok_or_else(|| LocalChainError::Mismatch {
        what: what(),
        wanted: format!("in block {}", block.number),
        found: "still waiting (is the block's gas limit too low?)".to_owned(),
    })?;
    if receipt.block_number != U64::from(block.number) {
        return Err(LocalChainError::Mismatch {
            what: what(),
            wanted: format!("in block {}", block.number),
            found: format!("in block {}", receipt.block_number),
        });
    }
    if receipt.succeeded() { Ok(()) } else { Err(node.why_reverted(call).await) }
}

/// How the node mined before.
#[derive(Debug)]
struct Paused {
    automine: bool,
    interval: Option<u64>,
}

async fn pause(node: &Node) -> Result<Paused, LocalChainError> {
    let automine = node.request::<bool>("anvil_getAutomine", json!([])).await?;
    let interval = node.request::<Option<u64>>("anvil_getIntervalMining", json!([])).await?;
    if automine {
        node.request::<Value>("evm_setAutomine", json!([false])).await?;
    }
    if interval.is_some() {
        node.request::<Value>("evm_setIntervalMining", json!([0])).await?;
    }
    Ok(Paused { automine, interval })
}

impl Paused {
    async fn resume(self, node: &Node) -> Result<(), LocalChainError> {
        if let Some(seconds) = self.interval {
            node.request::<Value>("evm_setIntervalMining", json!([seconds])).await?;
        }
        if self.automine {
            node.request::<Value>("evm_setAutomine", json!([true])).await?;
        }
        Ok(())
    }
}
