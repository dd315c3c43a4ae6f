//! The account's positions and limit orders in the neutral form. Pure.

use super::{
    Detail,
    abi::{OpenLimitOrder, PositionView},
    detail::Closing,
    math::payout,
};
use crate::{
    perps::{
        LeverageE10, LimitOrder, PairTerms, PerpError, PerpPosition, PositionKey, PriceE10, Side, Usdc, VenueDetail,
        VenueSnapshot,
    },
    units::Secs,
};

const fn side(buy: bool) -> Side {
    if buy { Side::Long } else { Side::Short }
}

fn name_of(pairs: &[PairTerms], index: u64) -> String {
    pairs.iter().find(|pair| pair.index == index).map_or_else(|| format!("pair {index}"), |pair| pair.name.clone())
}

/// A position, valued at nothing until its mark is known.
pub(super) fn position(view: &PositionView, pairs: &[PairTerms], detail: &Detail) -> Result<PerpPosition, PerpError> {
    let (trade, info) = (&view.trade, &view.info);
    let key = PositionKey { pair_index: trade.pairIndex.saturating_to(), index: trade.index.saturating_to() };
    let tier = usize::try_from(info.lossProtection).unwrap_or(usize::MAX);
    let updated: u64 = info.tpLastUpdated.max(info.slLastUpdated).saturating_to();
    Ok(PerpPosition {
        key,
        pair: name_of(pairs, key.pair_index),
        side: side(trade.buy),
        collateral: Usdc(trade.initialPosToken),
        leverage: LeverageE10(trade.leverage),
        notional: Usdc(info.openInterestUSDC),
        entry: PriceE10(trade.openPrice),
        target: PriceE10(trade.tp),
        stop: PriceE10(trade.sl),
        liquidation: PriceE10(view.liquidationPrice),
        rollover: Usdc(view.rolloverFee),
        mark: PriceE10::ZERO,
        value: Usdc::ZERO,
        pnl: Usdc::ZERO,
        is_loss: false,
        opened: Secs(trade.timestamp.saturating_to()),
        closing: info.beingMarketClosed,
        changeable_from: updated.saturating_add(detail.timelock),
        loss_share: detail.pair(key.pair_index).map_or(100, |pair| pair.borne(tier)),
    })
}

/// A limit order.
pub(super) fn limit(order: &OpenLimitOrder, pairs: &[PairTerms], timelock: u64) -> LimitOrder {
    let key = PositionKey { pair_index: order.pairIndex.saturating_to(), index: order.index.saturating_to() };
    LimitOrder {
        key,
        pair: name_of(pairs, key.pair_index),
        side: side(order.buy),
        margin: Usdc(order.positionSize),
        leverage: LeverageE10(order.leverage),
        price: PriceE10(order.price),
        target: PriceE10(order.tp),
        stop: PriceE10(order.sl),
        changeable_from: order.block.saturating_to::<u64>().saturating_add(timelock),
    }
}

/// Fills in what the positions are worth at the marks that are known.
pub(super) fn value_at_marks(snapshot: &mut VenueSnapshot) -> Result<(), PerpError> {
    let VenueDetail::AvantisV1(detail) = &snapshot.detail;
    for position in &mut snapshot.positions {
        let mark = snapshot.pairs.iter().find(|pair| pair.index == position.key.pair_index).map(|pair| pair.mark);
        let (Some(mark), Some(pair)) = (mark, detail.pair(position.key.pair_index)) else { continue };
        if mark == PriceE10::ZERO {
            continue;
        }
        let closing = Closing { at: mark, ..Closing::of(position) };
        let parts = payout(&pair.close(&closing, detail.liquidation))?;
        position.mark = mark;
        position.value = parts.paid;
        position.is_loss = parts.paid < position.collateral;
        position.pnl = Usdc(parts.paid.0.abs_diff(position.collateral.0));
    }
    Ok(())
}

impl Closing {
    /// All of a position, at its entry until another price is said.
    pub(super) const fn of(position: &PerpPosition) -> Self {
        Self {
            side: position.side,
            collateral: position.collateral,
            leverage: position.leverage,
            entry: position.entry,
            at: position.entry,
            rollover: position.rollover,
            borne: position.loss_share,
            by_keeper: false,
        }
    }
}
