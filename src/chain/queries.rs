//! Single questions by name; what a snapshot needs goes into a [`Batch`](super::Batch) instead.

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, Bytes, U64, U256},
    rpc::types::Filter,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    BlockRef, CallRequest, Endpoints, KnownTransaction, LocatedLog, ReadError, Receipt,
    call_error::CallError,
    endpoints::{decode, pinned, to_params},
    wire::{WireBlock, WireReceipt, WireTransaction},
};

impl Endpoints {
    /// The block at a height or tag; `None` where there is none (yet).
    pub async fn block_by_number(&self, number: BlockNumberOrTag) -> Result<Option<BlockRef>, ReadError> {
        let block: Option<WireBlock> = self.request("eth_getBlockByNumber", (number, false)).await?;
        Ok(block.map(BlockRef::from))
    }

    /// The block with this hash; `None` when the endpoint does not have it.
    pub async fn block_by_hash(&self, hash: B256) -> Result<Option<BlockRef>, ReadError> {
        let block: Option<WireBlock> = self.request("eth_getBlockByHash", (hash, false)).await?;
        Ok(block.map(BlockRef::from))
    }

    /// The receipt of a mined transaction; `None` while it is not mined, as far as the endpoint knows.
    pub async fn receipt(&self, transaction: B256) -> Result<Option<Receipt>, ReadError> {
        let receipt: Option<WireReceipt> = self.request("eth_getTransactionReceipt", (transaction,)).await?;
        Ok(receipt.and_then(WireReceipt::mined))
    }

    /// A transaction that the endpoint has in a block or is waiting to put into one.
    pub async fn transaction(&self, hash: B256) -> Result<Option<KnownTransaction>, ReadError> {
        let known: Option<WireTransaction> = self.request("eth_getTransactionByHash", (hash,)).await?;
        Ok(known.map(KnownTransaction::from))
    }

    /// The account's next nonce: at `latest` after what is mined, at `pending` after what waits too.
    pub async fn nonce(&self, account: Address, at: BlockNumberOrTag) -> Result<u64, ReadError> {
        let nonce: U64 = self.request("eth_getTransactionCount", (account, at)).await?;
        Ok(nonce.to())
    }

    /// Native balance, wei.
    pub async fn balance(&self, account: Address, at: BlockId) -> Result<U256, ReadError> {
        self.pinned_request("eth_getBalance", to_params((account, at))?, at).await
    }

    /// The code at an address; empty where there is no contract.
    pub async fn code(&self, address: Address, at: BlockId) -> Result<Bytes, ReadError> {
        self.pinned_request("eth_getCode", to_params((address, at))?, at).await
    }

    /// A storage word.
    pub async fn storage(&self, address: Address, slot: U256, at: BlockId) -> Result<B256, ReadError> {
        let word: U256 = self.pinned_request("eth_getStorageAt", to_params((address, slot, at))?, at).await?;
        Ok(word.into())
    }

    /// Executes a call without sending it; a revert is [`ReadError::Reverted`] with its data.
    pub async fn call(&self, call: &CallRequest, at: BlockId) -> Result<Bytes, ReadError> {
        self.pinned_request("eth_call", to_params((call, at))?, at).await
    }

    /// The gas that a call would need at `latest`; a revert is [`ReadError::Reverted`] with its data.
    pub async fn estimate_gas(&self, call: &CallRequest) -> Result<u64, ReadError> {
        let gas: U64 = self.request("eth_estimateGas", (call, BlockNumberOrTag::Latest)).await?;
        Ok(gas.to())
    }

    /// Events that match, in the order of the chain. A range that every endpoint refuses is asked for in halves.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<LocatedLog>, ReadError> {
        let mut found = Vec::new();
        let mut open = vec![filter.clone()];
        while let Some(part) = open.pop() {
            match (self.logs_at_once(&part).await, halves(&part)) {
                (Ok(logs), _) => found.extend(logs),
                (Err(ReadError::Refused { message, .. }), Some((lower, upper))) => {
                    tracing::debug!(message, "asking for half the range");
                    open.extend([upper, lower]);
                }
                (Err(error), _) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Events that match, by one question. Where the answer is "none", another endpoint is asked too: some answer wrongly
    /// (field-lessons.md R3).
    pub async fn logs_at_once(&self, filter: &Filter) -> Result<Vec<LocatedLog>, ReadError> {
        let params = to_params((filter,))?;
        let logs: Vec<LocatedLog> = self.request("eth_getLogs", &params).await?;
        if !logs.is_empty() {
            return Ok(logs);
        }
        // Who answered is now among the healthiest, so every other one is asked once; one that is dead says nothing.
        for endpoint in self.usable().iter().take(if self.len() > 1 { usize::MAX } else { 0 }) {
            let second = endpoint.call(self.clock(), "eth_getLogs", &params, decode::<Vec<LocatedLog>>).await;
            if let Ok(logs) = second
                && !logs.is_empty()
            {
                return Ok(logs);
            }
        }
        Ok(logs)
    }

    async fn pinned_request<R: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
        at: BlockId,
    ) -> Result<R, ReadError> {
        let to = params.pointer("/0/to").and_then(|to| to.as_str()?.parse().ok()).unwrap_or_default();
        let answer = self.ask(method, &params, decode).await;
        answer.map_err(|error: CallError| error.into_read_error(method, to, pinned(&at)))
    }

    /// Whether the chain has this block at its height; `None` where the endpoint has no such height.
    pub async fn has_block(&self, number: u64, hash: B256) -> Result<Option<bool>, ReadError> {
        let block = self.block_by_number(BlockNumberOrTag::Number(number)).await?;
        Ok(block.map(|block| block.hash == hash))
    }
}

/// Two filters for the halves of a range; `None` where there is nothing to divide.
fn halves(filter: &Filter) -> Option<(Filter, Filter)> {
    let (from, to) = (filter.get_from_block()?, filter.get_to_block()?);
    let middle = from.midpoint(to);
    (from < to).then(|| (filter.clone().to_block(middle), filter.clone().from_block(middle.saturating_add(1))))
}

/// `[number, false]` for `eth_getBlockByNumber`.
pub(super) fn block_params(number: u64) -> Value {
    json!([BlockNumberOrTag::Number(number), false])
}
