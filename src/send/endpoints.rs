//! The real network as a [`ChainClient`], and as the [`Simulator`] of plans.

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    primitives::{Address, B256, U64, U256},
};
use serde::Deserialize;

use super::{BlockContent, ChainClient, Included};
use crate::{
    chain::{self, BlockRef, CallRequest, Endpoints, FeeMarket, ReadError, Reader, Receipt, SendOutcome, Simulation},
    journal::{RawTx, Recorded},
    plan::{CallOutcome, SimulatedCall, Simulator},
    units::Secs,
};

impl Simulator for Endpoints {
    async fn simulate(&self, at: BlockRef, time: Secs, calls: &[SimulatedCall]) -> Result<Vec<CallOutcome>, ReadError> {
        let simulation = calls.iter().fold(Simulation::after(at).time(time), |simulation, call| {
            simulation.call(CallRequest::new(call.from, call.to, call.data.clone()).value(call.value))
        });
        let outcomes = Self::simulate(self, &simulation).await?;
        let outcome = |done: crate::chain::SimulatedCall| CallOutcome {
            success: done.success,
            output: done.returned,
            gas_used: done.gas_used,
            alone: done.alone,
        };
        Ok(outcomes.into_iter().map(outcome).collect())
    }
}

impl ChainClient for Endpoints {
    async fn head(&self) -> Result<BlockRef, ReadError> {
        Reader::head(self).await
    }

    async fn fee_market(&self, head: BlockRef) -> Result<FeeMarket, ReadError> {
        Self::fee_market(self, &head).await
    }

    async fn balance(&self, account: Address) -> Result<U256, ReadError> {
        Self::balance(self, account, BlockId::latest()).await
    }

    async fn send_raw(&self, transaction: &Recorded<RawTx>) -> SendOutcome {
        Self::send_raw(self, transaction.get().bytes()).await
    }

    async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, ReadError> {
        Self::receipt(self, hash).await
    }

    async fn is_known(&self, hash: B256) -> Result<bool, ReadError> {
        Ok(self.transaction(hash).await?.is_some())
    }

    async fn nonce(&self, account: Address, at: BlockNumberOrTag) -> Result<u64, ReadError> {
        Self::nonce(self, account, at).await
    }

    async fn finalized(&self) -> Option<u64> {
        let params = (BlockNumberOrTag::Finalized, false);
        // A young chain has none and answers null: an answer, not a fault to be asked about again.
        let block: Option<chain::WireBlock> = self.request("eth_getBlockByNumber", params).await.ok()?;
        block.map(|block| BlockRef::from(block).number)
    }

    async fn contradiction(&self, receipt: &Receipt) -> Option<String> {
        Self::contradiction(self, receipt).await
    }

    async fn block(&self, number: u64) -> Result<Option<BlockContent>, ReadError> {
        let params = (BlockNumberOrTag::Number(number), true);
        let block: Option<WireBlock> = self.request("eth_getBlockByNumber", params).await?;
        Ok(block.map(BlockContent::from))
    }
}

/// A block as nodes give it with its transactions; fields we do not read cannot break us.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBlock {
    #[serde(flatten)]
    block: chain::WireBlock,
    transactions: Vec<WireIncluded>,
}

/// Deposits (type 126) have a nonce in some nodes and none in others; they are never ours.
#[derive(Debug, Deserialize)]
struct WireIncluded {
    from: Address,
    #[serde(default)]
    nonce: Option<U64>,
    hash: B256,
}

impl From<WireBlock> for BlockContent {
    fn from(block: WireBlock) -> Self {
        let transactions = block.transactions.into_iter().filter_map(|included| {
            Some(Included { from: included.from, nonce: included.nonce?.to(), hash: included.hash })
        });
        Self { transactions: transactions.collect(), block: block.block.into() }
    }
}
