//! The account's positions and limit orders in the neutral form. Pure.

use super::{
    Detail,
    abi::{OpenLimitOrder, PositionView},
    detail::Closing,
    detail::detail_of,
    math::payout,
    slot::Slot,
};
use crate::{
    perps::{LeverageE10, LimitOrder, PairTerms, PerpError, PerpPosition, PriceE10, Side, Usdc, VenueSnapshot},
    units::Secs,
};

const fn side(buy: bool) -> Side {
    if buy { Side::Long } else { Side::Short }
}

pub(super) fn name_of(pairs: &[PairTerms], index: u64) -> String {
    pairs.iter().find(|pair| pair.index == index).map_or_else(|| format!("pair {index}"), |pair| pair.name.clone())
}

/// A position, valued at nothing until its mark is known.
pub(super) fn position(view: &PositionView, pairs: &[PairTerms], detail: &Detail) -> Result<PerpPosition, PerpError> {
    let (trade, info) = (&view.trade, &view.info);
    let slot = Slot::new(trade.pairIndex, trade.index);
    let tier = usize::try_from(info.lossProtection).unwrap_or(usize::MAX);
    let updated: u64 = info.tpLastUpdated.max(info.slLastUpdated).saturating_to();
    Ok(PerpPosition {
        key: slot.key(),
        pair: name_of(pairs, slot.pair),
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
        loss_share: detail.pair(slot.pair).map_or(100, |pair| pair.borne(tier)),
    })
}

/// A limit order.
pub(super) fn limit(order: &OpenLimitOrder, pairs: &[PairTerms], timelock: u64) -> LimitOrder {
    let slot = Slot::new(order.pairIndex, order.index);
    LimitOrder {
        key: slot.key(),
        pair: name_of(pairs, slot.pair),
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
    let mut positions = std::mem::take(&mut snapshot.positions);
    let detail = detail_of(snapshot)?;
    for position in &mut positions {
        let index = Slot::of(position.key)?.pair;
        let mark = snapshot.pairs.iter().find(|pair| pair.index == index).map(|pair| pair.mark);
        let (Some(mark), Some(pair)) = (mark, detail.pair(index)) else { continue };
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
    snapshot.positions = positions;
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
