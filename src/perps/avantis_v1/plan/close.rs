//! Closing at the market, wholly or in part.

use super::{
    Context, Draft, EXECUTION_FEE, PerpPosition, Slot, Usdc,
    context::{price, usdc},
    figures::derived,
};
use crate::{
    perps::{
        CloseForecast, Forecast, PerpError, Portion, PriceE10,
        avantis_v1::{
            abi::ITrading,
            detail::Closing,
            math::{notional, partial_close, payout},
        },
    },
    plan::Quantity,
    units::{WAD, from_decimal, mul_div_down},
};

pub(super) fn draft(
    ctx: &Context<'_>,
    position: &PerpPosition,
    portion: Portion,
    mark: Option<PriceE10>,
) -> Result<Draft, PerpError> {
    ctx.require_running()?;
    Context::require_not_closing(position)?;
    ctx.require_free_order()?;
    let amount = amount(ctx, position, portion)?;
    let is_whole = amount == position.collateral;
    let fee = ctx.execution_fee();
    let (key, slot) = (position.key, Slot::of(position.key)?);
    let (pair_index, index) = slot.arguments();
    let call = ITrading::closeTradeMarketCall { pairIndex: pair_index, index, amount: amount.0 };
    let what = if is_whole {
        "all of it".to_owned()
    } else {
        format!("{} of {} margin", usdc(amount), usdc(position.collateral))
    };
    let headline = format!("close {} {} {key} at the market: {what}", position.side, position.pair);
    let mut draft = Draft { kind: "perp close", headline, ..Draft::default() };
    draft.notes.push(
        "the venue closes at the oracle's price when its keeper comes to it, without any slippage bound".to_owned(),
    );
    let left = partial_close(position.collateral, position.notional, position.leverage, amount)?;
    draft.figures = vec![
        derived("collateral", "margin", usdc(position.collateral), usdc(left.collateral)),
        derived("notional", "notional", usdc(position.notional), usdc(left.open_interest)),
        ctx.ether_figure(fee),
        ctx.waiting_figure(),
        ctx.closing_figure(slot),
    ];
    draft.costs.push((EXECUTION_FEE.to_owned(), Quantity::new(fee, 18, "ETH")));
    match mark {
        Some(mark) => add_forecast(ctx, position, amount, mark, &mut draft)?,
        None => draft.notes.push("no price to be had: what the close pays is not forecast".to_owned()),
    }
    draft.call(ctx, format!("order the close of {} {key}", position.pair), fee, &call, Usdc::ZERO);
    Ok(draft)
}

/// What is closed; refuses what would leave a position that the venue would not open.
fn amount(ctx: &Context<'_>, position: &PerpPosition, portion: Portion) -> Result<Usdc, PerpError> {
    let amount = share_of(position.collateral, portion)?;
    if portion == Portion::All {
        return Ok(amount);
    }
    let left = partial_close(position.collateral, position.notional, position.leverage, amount)?;
    let rest = notional(left.collateral, position.leverage)?;
    let least = ctx.snapshot.pair(&position.pair).map_or(Usdc::ZERO, |pair| pair.minimum_notional);
    if rest < least {
        return Err(PerpError::Refused(format!(
            "closing {} would leave {} at {}x, {} of notional, below the pair's minimum of {}: close less, or all of it",
            usdc(amount),
            usdc(left.collateral),
            position.leverage,
            usdc(rest),
            usdc(least),
        )));
    }
    Ok(amount)
}

/// A portion of a position's collateral, rounded down.
pub(in crate::perps::avantis_v1) fn share_of(collateral: Usdc, portion: Portion) -> Result<Usdc, PerpError> {
    let share = match portion {
        Portion::All => return Ok(collateral),
        Portion::Part(share) => share,
    };
    let field = |reason: String| PerpError::Field { field: "fraction", reason };
    let scaled = from_decimal(share, 18).filter(|scaled| !scaled.is_zero() && *scaled < WAD);
    let scaled = scaled.ok_or_else(|| field(format!("{share} is not above 0 and below 1")))?;
    let amount = Usdc(mul_div_down(collateral.0, scaled, WAD)?);
    if amount == Usdc::ZERO {
        return Err(field(format!("{share} of {} is nothing", usdc(collateral))));
    }
    Ok(amount)
}

fn add_forecast(
    ctx: &Context<'_>,
    position: &PerpPosition,
    amount: Usdc,
    mark: PriceE10,
    draft: &mut Draft,
) -> Result<(), PerpError> {
    let rollover = Usdc(mul_div_down(position.rollover.0, amount.0, position.collateral.0)?);
    let closing = Closing { collateral: amount, at: mark, rollover, ..Closing::of(position) };
    let pair = ctx.pair(Slot::of(position.key)?.pair)?;
    let parts = payout(&pair.close(&closing, ctx.detail.liquidation))?;
    if parts.is_liquidated {
        draft
            .notes
            .push(format!("at {mark} the loss has reached the liquidation threshold: the close would pay nothing"));
    }
    let gain = Quantity { negative: parts.gross.is_loss(), ..usdc(parts.gross.amount()) };
    draft.figures.insert(0, derived("close_price", "price", price(position.entry), price(mark)));
    draft.figures.push(derived("gross", "result before costs", usdc(Usdc::ZERO), gain));
    draft.figures.push(derived("paid", "paid out", usdc(Usdc::ZERO), usdc(parts.paid)));
    draft.costs.insert(0, ("closing fee".to_owned(), usdc(parts.closing_fee)));
    draft.costs.insert(1, ("rollover".to_owned(), usdc(parts.rollover)));
    draft.forecast = Some(Forecast::Close(CloseForecast {
        price: mark,
        collateral: amount,
        gross: parts.gross.amount(),
        is_loss: parts.gross.is_loss(),
        fee: parts.closing_fee,
        rollover: parts.rollover,
        paid: parts.paid,
    }));
    Ok(())
}
