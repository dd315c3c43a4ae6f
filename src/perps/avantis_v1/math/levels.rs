//! Liquidation price, target and stop.

use alloy::primitives::U256;

use super::{notional, percent_profit};
use crate::{
    perps::{
        LeverageE10, PercentE10, PriceE10, Side, Usdc,
        int::{add, add_signed, hundred_percent, mul_div_towards_zero, signed, sub, sub_signed, unsigned},
    },
    units::{MathError, mul_div_down},
};

/// Where the venue takes the position: at a loss of `threshold` of the collateral, rollover included. Mirrors
/// `PairInfos.getTradeLiquidationPricePure`: the allowed loss is rounded down, the distance towards zero.
pub fn liquidation_price(
    open_price: PriceE10,
    side: Side,
    collateral: Usdc,
    leverage: LeverageE10,
    rollover: Usdc,
    threshold: PercentE10,
) -> Result<PriceE10, MathError> {
    let size = signed(notional(collateral, leverage)?.0)?;
    let allowed = signed(mul_div_down(collateral.0, threshold.0, hundred_percent())?)?;
    let loss = sub_signed(allowed, signed(rollover.0)?)?;
    let open = signed(open_price.0)?;
    let distance = mul_div_towards_zero(loss, open, size)?;
    let price = match side {
        Side::Long => sub_signed(open, distance)?,
        Side::Short => add_signed(open, distance)?,
    };
    Ok(PriceE10(if price.is_negative() { U256::ZERO } else { unsigned(price)? }))
}

/// The target at the most profit that the venue pays; zero (none) where a short's would be below zero. Mirrors
/// `PairStorage.correctTp` without a target.
pub fn furthest_target(
    open_price: PriceE10,
    side: Side,
    leverage: LeverageE10,
    max_gain: PercentE10,
) -> Result<PriceE10, MathError> {
    let distance = distance(open_price, leverage, max_gain)?;
    match side {
        Side::Long => add(open_price.0, distance).map(PriceE10),
        Side::Short => Ok(PriceE10(open_price.0.saturating_sub(distance))),
    }
}

/// The target that is stored for one that is asked for (zero: none): the furthest one if there is none or its profit is
/// the most that is paid or more. Mirrors `PairStorage.correctTp`.
pub fn clip_target(
    open_price: PriceE10,
    side: Side,
    leverage: LeverageE10,
    target: PriceE10,
    max_gain: PercentE10,
) -> Result<PriceE10, MathError> {
    let furthest = || furthest_target(open_price, side, leverage, max_gain);
    if target.0.is_zero() {
        return furthest();
    }
    let profit = percent_profit(open_price, target, side, leverage, max_gain)?;
    if profit.0 == signed(max_gain.0)? { furthest() } else { Ok(target) }
}

/// The stop that is stored for one that is asked for (zero: none): not deeper than a loss of `deepest`. Mirrors
/// `PairStorage.correctSl`.
pub fn clip_stop(
    open_price: PriceE10,
    side: Side,
    leverage: LeverageE10,
    stop: PriceE10,
    deepest: PercentE10,
) -> Result<PriceE10, MathError> {
    if stop.0.is_zero() {
        return Ok(stop);
    }
    // The cap of a gain plays no part on the losing side.
    let profit = percent_profit(open_price, stop, side, leverage, PercentE10(hundred_percent()))?;
    if profit.0 >= -signed(deepest.0)? {
        return Ok(stop);
    }
    let distance = distance(open_price, leverage, deepest)?;
    match side {
        Side::Long => sub(open_price.0, distance),
        Side::Short => add(open_price.0, distance),
    }
    .map(PriceE10)
}

/// How far the price has to go for a profit of `percent`, rounded down after each division as the contracts do.
fn distance(open_price: PriceE10, leverage: LeverageE10, percent: PercentE10) -> Result<U256, MathError> {
    mul_div_down(open_price.0, percent.0, leverage.0).map(|times_hundred| times_hundred / U256::from(100))
}
