//! How a position came to its end: its target, its stop, the venue's liquidation or a close at the market.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolEvent,
};

use super::{
    AvantisV1,
    abi::{ICallbacks, LIQUIDATION, STOP, TARGET, Trade},
    logs::{Wanted, first},
    track::fill,
};
use crate::{
    chain::{LocatedLog, Reader},
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
    /// The first event at or after `since` that emptied the slot. Slots are used again, so that the newest state of one
    /// says nothing about the position that was in it.
    pub(super) async fn ending_of(
        &self,
        account: Address,
        key: PositionKey,
        since: u64,
    ) -> Result<Option<Ending>, PerpError> {
        let head = Reader::head(&self.endpoints).await?;
        let wanted = Wanted {
            emitters: vec![self.at.callbacks],
            events: vec![ICallbacks::LimitExecuted::SIGNATURE_HASH, ICallbacks::MarketExecuted::SIGNATURE_HASH],
        };
        let is_ours = |trade: &Trade| {
            trade.trader == account
                && trade.pairIndex == U256::from(key.pair_index)
                && trade.index == U256::from(key.index)
        };
        let pick = |log: &LocatedLog| {
            let end = triggered(log).or_else(|| closed(log))?;
            is_ours(&end.trade).then_some(end)
        };
        let found = first(&self.endpoints, &wanted, (since, head.number), pick).await?;
        let Some((end, log)) = found else { return Ok(None) };
        let receipt = self.receipt_at(&log).await?;
        let block = self.block_of(&receipt).await?;
        let End { kind, trade, price, closed, paid, order } = end;
        Ok(Some(Ending { kind, fill: fill(&trade, price, (closed, U256::ZERO), paid, &receipt, block), order }))
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
