//! The orders that a transaction placed.

use alloy::{
    primitives::{B256, Log, U256},
    sol_types::SolEvent,
};

use super::{AvantisV1, abi::ITrading, slot::Slot};
use crate::{
    chain::{BlockRef, ReadError, Receipt},
    perps::{OrderHandle, OrderKind, PerpError, PositionKey},
};

impl AvantisV1 {
    pub(super) async fn placed_by(&self, transaction: B256) -> Result<Vec<OrderHandle>, PerpError> {
        let receipt = self.receipt_of(transaction).await?;
        let block = self.block_of(&receipt).await?;
        let ours = receipt.logs.iter().filter(|log| log.address == self.at.trading);
        Ok(ours.filter_map(|log| handle(log, transaction, block)).collect())
    }

    pub(super) async fn receipt_of(&self, transaction: B256) -> Result<Receipt, ReadError> {
        let receipt = self.endpoints.receipt(transaction).await?;
        receipt.ok_or_else(|| ReadError::Unavailable(format!("no receipt of {transaction} yet")))
    }

    pub(super) async fn block_of(&self, receipt: &Receipt) -> Result<BlockRef, ReadError> {
        let block = self.endpoints.block_by_hash(receipt.block_hash).await?;
        block.ok_or(ReadError::UnknownBlock(receipt.block_hash))
    }
}

fn handle(log: &Log, transaction: B256, block: BlockRef) -> Option<OrderHandle> {
    let order = |id: String, kind, key| OrderHandle {
        id,
        kind,
        key,
        transaction,
        block: block.number,
        placed: block.timestamp,
    };
    if let Ok(event) = ITrading::MarketOrderInitiated::decode_log(log) {
        let kind = if event.open { OrderKind::Open } else { OrderKind::Close };
        // Which slot an open will get, and which one a close empties, the event does not say.
        let key = Slot::new(event.pairIndex, U256::ZERO).key();
        return Some(order(event.orderId.to_string(), kind, key));
    }
    let event = ITrading::OpenLimitPlaced::decode_log(log).ok()?;
    let key = Slot::new(event.pairIndex, event.index).key();
    Some(order(limit_id(key), OrderKind::LimitOpen, key))
}

/// How a limit order, which has no number, is named.
pub(super) fn limit_id(key: PositionKey) -> String {
    format!("limit:{key}")
}
