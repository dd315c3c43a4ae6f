//! How a position came to its end: its target, its stop, the venue's liquidation or a close at the market.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolEvent,
};

use super::{
    AvantisV1,
    abi::{ICallbacks, ITradingStorage, LIQUIDATION, STOP, TARGET, Trade},
    logs::{Wanted, first},
    slot::Slot,
    track::fill,
};
use crate::{
    chain::{Batch, BlockRef, LocatedLog, Reader},
    perps::{EndKind, Ending, PerpError, PositionKey},
};

struct End {
    kind: EndKind,
    trade: Trade,
    price: U256,
    closed: U256,
    paid: U256,
    order: Option<U256>,
}

impl AvantisV1 {
    /// The first event at or after `since` that emptied the slot. Slots are used again: a position that is in it now is
    /// the one that was there at `since` only if it was opened no later. Then no event is looked for.
    pub(super) async fn ending_of(
        &self,
        account: Address,
        key: PositionKey,
        since: u64,
    ) -> Result<Option<Ending>, PerpError> {
        let head = Reader::head(&self.endpoints).await?;
        if self.is_there_since(account, key, since, head).await? {
            return Ok(None);
        }
        let wanted = Wanted {
            emitters: vec![self.at.callbacks],
            events: vec![ICallbacks::LimitExecuted::SIGNATURE_HASH, ICallbacks::MarketExecuted::SIGNATURE_HASH],
        };
        let wanted_slot = Slot::of(key)?.arguments();
        let is_ours = |trade: &Trade| trade.trader == account && (trade.pairIndex, trade.index) == wanted_slot;
        let pick = |log: &LocatedLog| {
            let end = triggered(log).or_else(|| closed(log))?;
            is_ours(&end.trade).then_some(end)
        };
        let found = first(&self.endpoints, &wanted, (since, head.number), pick).await?;
        let Some((end, log)) = found.filter(|(_, log)| self.too_new(log.block_number, head.number).is_none()) else {
            return Ok(None);
        };
        let receipt = self.receipt_at(&log).await?;
        let block = self.block_of(&receipt).await?;
        let End { kind, trade, price, closed, paid, order } = end;
        Ok(Some(Ending { kind, fill: fill(&trade, price, (closed, U256::ZERO), paid, &receipt, block), order }))
    }

    /// Whether the position in the slot was opened before or in the block `since`.
    async fn is_there_since(
        &self,
        account: Address,
        key: PositionKey,
        since: u64,
        head: BlockRef,
    ) -> Result<bool, PerpError> {
        let (pair, index) = Slot::of(key)?.arguments();
        let mut batch = Batch::new();
        let call = ITradingStorage::openTradesCall { trader: account, pairIndex: pair, index };
        let slot = batch.add(self.at.storage, &call);
        let trade = self.endpoints.read(head, &batch).await?.get(slot)?;
        if trade.leverage.is_zero() {
            return Ok(false);
        }
        let then = self.endpoints.block_by_number(since.into()).await?;
        Ok(then.is_some_and(|then| trade.timestamp <= U256::from(then.timestamp.0)))
    }
}

/// By stop, target or liquidation; always the whole position.
fn triggered(log: &LocatedLog) -> Option<End> {
    let event = ICallbacks::LimitExecuted::decode_log(&log.log).ok()?.data;
    let kind = match event.orderType {
        TARGET => EndKind::Target,
        STOP => EndKind::Stop,
        LIQUIDATION => EndKind::Liquidation,
        _ => return None,
    };
    let closed = event.t.initialPosToken;
    Some(End { kind, trade: event.t, price: event.price, closed, paid: event.usdcSentToTrader, order: None })
}

/// By a close at the market of all that was left; the event tells the position as it was before.
fn closed(log: &LocatedLog) -> Option<End> {
    let event = ICallbacks::MarketExecuted::decode_log(&log.log).ok()?.data;
    if event.open || event.positionSizeUSDC < event.t.initialPosToken {
        return None;
    }
    Some(End {
        kind: EndKind::Closed,
        trade: event.t,
        price: event.price,
        closed: event.positionSizeUSDC,
        paid: event.usdcSentToTrader,
        order: Some(event.orderId),
    })
}
