//! Moving stop and target.
//!
//! The venue's call takes the stop before the target, always writes the target, and leaves the stop alone when no price
//! comes along (avantis-v1.md §6). It stores a target on the wrong side and silently drops a stop beyond the market, so
//! both are refused here.

use alloy::primitives::U256;

use super::{Context, Draft, ORACLE_FEE, PerpPosition, Slot, Usdc, context::price, figures::TradeWord};
use crate::{
    perps::{
        Change, PerpError, PriceE10,
        avantis_v1::{
            PairDetail, PriceUpdate,
            abi::ITrading,
            math::{clip_stop, clip_target, furthest_target},
        },
    },
    plan::Quantity,
};

pub(super) fn draft(
    ctx: &Context<'_>,
    position: &PerpPosition,
    stop: Change,
    target: Change,
    update: &PriceUpdate,
) -> Result<Draft, PerpError> {
    ctx.require_running()?;
    Context::require_not_closing(position)?;
    if stop == Change::Keep && target == Change::Keep {
        let reason = "give --tp or --sl as a price or a distance such as 4%, or `none` to remove it".to_owned();
        return Err(PerpError::Field { field: "tp", reason });
    }
    let slot = Slot::of(position.key)?;
    let pair = ctx.pair(slot.pair)?;
    let new_target = target_after(position, pair, target, update.price)?;
    let new_stop = stop_after(position, pair, stop, update.price)?;
    let with_price = match stop {
        Change::Keep => false,
        Change::Remove => position.stop > PriceE10::ZERO,
        Change::To(_) => true,
    };
    let key = position.key;
    let words = |level: PriceE10| if level == PriceE10::ZERO { "none".to_owned() } else { price(level).to_string() };
    let headline = format!("{} {key}: stop {}, target {}", position.pair, words(new_stop), words(new_target));
    let mut draft = Draft { kind: "perp tpsl", headline, carries_price: with_price, ..Draft::default() };
    if with_price {
        draft.notes.push(format!("carries the oracle's price {}, which the venue takes for 30 s", update.price));
        draft.costs.push((ORACLE_FEE.to_owned(), Quantity::new(update.fee, 18, "ETH")));
    }
    if target == Change::Remove {
        draft.notes.push("without a target of its own the position ends at the most profit the venue pays".to_owned());
    }
    let fee = if with_price { update.fee } else { U256::ZERO };
    let stops = (price(position.stop), price(new_stop));
    let targets = (price(position.target), price(new_target));
    draft.figures = vec![
        ctx.trade_figure(slot, TradeWord::Stop, ("stop", "stop"), stops, U256::ZERO),
        ctx.trade_figure(slot, TradeWord::Target, ("target", "target"), targets, U256::ZERO),
        ctx.ether_figure(fee),
    ];
    draft.bounds.push(ctx.timelock_bound(position.changeable_from));
    let (pair_index, index) = slot.arguments();
    let call = ITrading::updateTpAndSlCall {
        pairIndex: pair_index,
        index,
        newSl: new_stop.0,
        newTp: if target == Change::Remove { U256::ZERO } else { new_target.0 },
        priceUpdateData: if with_price { vec![update.data.clone()] } else { Vec::new() },
    };
    draft.call(ctx, format!("move the levels of {} {key}", position.pair), fee, &call, Usdc::ZERO);
    Ok(draft)
}

/// The target as it will be stored.
fn target_after(
    position: &PerpPosition,
    pair: &PairDetail,
    change: Change,
    mark: PriceE10,
) -> Result<PriceE10, PerpError> {
    let side = position.side;
    let level = match change {
        Change::Keep => return Ok(position.target),
        Change::Remove => return Ok(furthest_target(position.entry, side, position.leverage, pair.max_gain)?),
        Change::To(level) => level,
    };
    let target = Context::level(level, position.entry, side, true)?;
    let reference = if side.is_long() { mark.max(position.entry) } else { mark.min(position.entry) };
    let is_beyond = if side.is_long() { target > reference } else { target < reference };
    if !is_beyond {
        return Err(PerpError::WrongSide { level: "tp", price: target, reference, side });
    }
    let stored = clip_target(position.entry, side, position.leverage, target, pair.max_gain)?;
    if stored == target {
        return Ok(target);
    }
    let most = pair.max_gain;
    let reason = format!("{target} is beyond the most profit the venue pays ({most} % of the margin, at {stored})");
    Err(PerpError::Field { field: "tp", reason })
}

/// The stop as it will be stored. It may lie beyond the entry, where it locks a win in, but not beyond the market.
fn stop_after(
    position: &PerpPosition,
    pair: &PairDetail,
    change: Change,
    mark: PriceE10,
) -> Result<PriceE10, PerpError> {
    let side = position.side;
    let level = match change {
        Change::Keep => return Ok(position.stop),
        Change::Remove => return Ok(PriceE10::ZERO),
        Change::To(level) => level,
    };
    let stop = Context::level(level, position.entry, side, false)?;
    let is_behind = if side.is_long() { stop < mark } else { stop > mark };
    if !is_behind {
        return Err(PerpError::WrongSide { level: "sl", price: stop, reference: mark, side });
    }
    let stored = clip_stop(position.entry, side, position.leverage, stop, pair.deepest_stop)?;
    if stored == stop {
        return Ok(stop);
    }
    let deepest = pair.deepest_stop;
    let reason = format!("{stop} is deeper than the venue keeps ({deepest} % of the margin, at {stored})");
    Err(PerpError::Field { field: "sl", reason })
}
