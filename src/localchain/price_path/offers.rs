//! What is put into the pool, and what becomes of it.

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Log,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Course;
use crate::{
    chain::{Answers, Batch, BlockRef, ReadError},
    localchain::{LocalChainError, abi::IUniswapV3Pool, node::Call},
    units::Secs,
};

/// A receipt, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mined {
    status: alloy::primitives::U64,
    pub(super) transaction_index: alloy::primitives::U64,
    pub(super) logs: Vec<Log>,
}

impl Course {
    /// Mines what waits in the pool and nothing else.
    pub async fn mine(&self, at: Secs) -> Result<BlockRef, LocalChainError> {
        let node = &self.controls.node;
        node.request::<Value>("evm_setNextBlockTimestamp", json!([at.0])).await?;
        node.request::<Value>("evm_mine", json!([])).await?;
        node.head().await
    }

    /// Whether an account has something in the pool.
    pub async fn is_waiting(&self, account: Address) -> Result<bool, LocalChainError> {
        Ok(self.sent(account, true).await? > self.sent(account, false).await?)
    }

    /// How many transactions an account has in blocks, and with those that wait.
    pub async fn sent(&self, account: Address, with_waiting: bool) -> Result<u64, LocalChainError> {
        let which = if with_waiting { "pending" } else { "latest" };
        let count: U256 = self.controls.node.request("eth_getTransactionCount", json!([account, which])).await?;
        Ok(count.saturating_to())
    }

    /// How many transactions of an account in a block reverted.
    pub async fn reverted(&self, account: Address, block: BlockRef) -> Result<u32, LocalChainError> {
        #[derive(Debug, Deserialize)]
        struct Found {
            from: Address,
            status: alloy::primitives::U64,
        }
        let number = alloy::primitives::U64::from(block.number);
        let found: Vec<Found> = self.controls.node.request("eth_getBlockReceipts", json!([number])).await?;
        let reverted = found.iter().filter(|one| one.from == account && one.status.is_zero()).count();
        Ok(u32::try_from(reverted).unwrap_or(u32::MAX))
    }

    /// The answers to questions on what the next block will leave, as far as it is in the pool by now.
    pub async fn ahead(&self, batch: &Batch) -> Result<Answers, LocalChainError> {
        self.controls.node.ask_all_at(batch, "pending").await
    }

    /// Puts a call into the pool at this price of gas.
    pub(super) async fn offer(&self, call: &Call, gas_price: U256) -> Result<B256, LocalChainError> {
        self.controls.node.queue_at(call, gas_price).await
    }

    /// A receipt, whatever came of it.
    pub(super) async fn receipt(&self, hash: B256) -> Result<Mined, LocalChainError> {
        let found: Option<Mined> = self.controls.node.request("eth_getTransactionReceipt", json!([hash])).await?;
        found.ok_or_else(|| LocalChainError::Mismatch {
            what: format!("transaction {hash}"),
            wanted: "in the block".to_owned(),
            found: "still waiting (is the block's gas limit too low?)".to_owned(),
        })
    }

    /// Its receipt, when it did what it should.
    pub(super) async fn mined(&self, hash: B256, what: &str) -> Result<Mined, LocalChainError> {
        let mined = self.receipt(hash).await?;
        if !mined.status.is_zero() {
            return Ok(mined);
        }
        Err(LocalChainError::Reverted { what: what.to_owned(), why: "its receipt says so".to_owned() })
    }

    pub(super) async fn square_roots(&self) -> Result<Vec<U256>, LocalChainError> {
        let mut batch = Batch::new();
        let slots: Vec<_> =
            self.pools.iter().map(|moved| batch.add(moved.pool.address, &IUniswapV3Pool::slot0Call {})).collect();
        let answers = self.controls.node.ask_all(&batch).await?;
        let unread = |error: ReadError| LocalChainError::Mismatch {
            what: "price of a pool".to_owned(),
            wanted: "an answer".to_owned(),
            found: error.to_string(),
        };
        slots.into_iter().map(|slot| Ok(U256::from(answers.get(slot).map_err(unread)?.sqrtPriceX96))).collect()
    }
}
