//! Several transactions of one role in one block, whatever the node's way of mining.

use std::time::Duration;

use alloy::primitives::{B256, U64};
use serde_json::{Value, json};
use tokio::time::Instant;

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

/// How long the block that holds them is waited for, and how often it is looked for.
const DEADLINE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// Mines these calls of a role, in their order, in one block; at this time if one is given.
pub(super) async fn mine_together(
    node: &Node,
    role: Role,
    calls: &[Call],
    at: Option<Secs>,
) -> Result<BlockRef, LocalChainError> {
    let who = role.address();
    node.impersonate(who, true).await?;
    let mined = match node.request::<Option<u64>>("anvil_getIntervalMining", json!([])).await {
        // Blocks of less than a second: paused, anvil could not be told to go on.
        Ok(Some(0)) => slip_in(node, calls, at).await,
        Ok(_) => between(node, calls, at).await,
        Err(error) => Err(error),
    };
    let released = node.impersonate(who, false).await;
    let (hashes, block) = mined?;
    released?;
    for (hash, call) in hashes.iter().zip(calls) {
        settled(node, *hash, call, &block).await?;
    }
    Ok(block)
}

/// All of them into the next block of a chain that mines by itself: the last goes first, and none can be mined before the
/// first of their nonces is there.
async fn slip_in(node: &Node, calls: &[Call], at: Option<Secs>) -> Result<(Vec<B256>, BlockRef), LocalChainError> {
    let Some(first) = calls.first() else { return Ok((Vec::new(), node.head().await?)) };
    let nonce = node.request::<U64>("eth_getTransactionCount", json!([first.from, "pending"])).await?;
    let mut hashes = Vec::with_capacity(calls.len());
    let nonces = (nonce.to::<u64>()..).take(calls.len()).collect::<Vec<_>>();
    for (call, nonce) in calls.iter().zip(nonces).rev() {
        if let (Some(Secs(time)), true) = (at, hashes.len() + 1 == calls.len()) {
            node.request::<Value>("evm_setNextBlockTimestamp", json!([time])).await?;
        }
        hashes.push(node.queue_with_nonce(call, nonce).await?);
    }
    hashes.reverse();
    let began = Instant::now();
    loop {
        let receipt = match hashes.first() {
            Some(hash) => node.receipt(*hash).await?,
            None => None,
        };
        match receipt {
            Some(receipt) => return Ok((hashes, node.block(receipt.block_number.to()).await?)),
            None if began.elapsed() > DEADLINE => {
                let method = "eth_sendTransaction".to_owned();
                return Err(LocalChainError::Timeout { method, url: node.shown_url(), waited: DEADLINE });
            }
            None => tokio::time::sleep(POLL).await,
        }
    }
}

/// All of them into a block that is made for them, with the node's own mining paused.
async fn between(node: &Node, calls: &[Call], at: Option<Secs>) -> Result<(Vec<B256>, BlockRef), LocalChainError> {
    let paused = pause(node).await?;
    let mined = mine(node, calls, at).await;
    paused.resume(node).await?;
    mined
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
