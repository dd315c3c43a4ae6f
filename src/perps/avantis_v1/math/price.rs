//! The price at which an open is executed.

use alloy::primitives::{I256, U256};

use super::{OpenInterest, exponential::exp_e10};
use crate::{
    perps::{
        PercentDelta, PercentE10, PriceE10, Side, Usdc,
        int::{add, add_signed, e10, hundred_percent, mul_div_towards_zero, signed, sub, sub_signed, unsigned},
    },
    units::{MathError, mul_div_down},
};

/// A whole in the shares of the skew, which are basis points.
const SKEW_ONE: u64 = 10_000;
/// The contracts keep spread caps ten times as large as they apply them.
const CAP_SCALE: u64 = 10;

/// What the spread of a pair in a group with dynamic spread is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpreadParams {
    /// The constant part (`PairStorage.pairSpreadP`).
    pub constant: PercentE10,
    /// Multiplier of the price impact, 1e10 (`pairPriceImpactMultiplier`).
    pub price_impact_multiplier: U256,
    /// Multiplier of the skew's impact, 1e10 (`pairSkewImpactMultiplier`).
    pub skew_impact_multiplier: I256,
    /// Notional that moves the price up by one per cent (`PairInfos.getOnePercentDepthAbove`).
    pub depth_above: Usdc,
    /// Notional that moves the price down by one per cent (`getOnePercentDepthBelow`).
    pub depth_below: Usdc,
    /// The first of `PairStorage.spreadCaps`, as stored: ten times the most that the price may be better than the
    /// oracle's.
    pub favour_cap: U256,
    /// The second, as stored: ten times the most that the price may be worse.
    pub adverse_cap: U256,
}

/// `e^(multiplier × notional / depth) − 1` in per cent. Mirrors `PairInfos.getPriceImpactSpread`: the numerator is
/// rounded down before the exponential, and the exponential after it.
pub fn price_impact(side: Side, notional: Usdc, params: &SpreadParams) -> Result<PercentDelta, MathError> {
    let depth = match side {
        Side::Long => params.depth_above,
        Side::Short => params.depth_below,
    };
    let weighted = mul_div_down(params.price_impact_multiplier, notional.0, e10())?;
    if weighted.is_zero() {
        return Ok(PercentDelta::ZERO);
    }
    signed(sub(exp_e10(weighted, depth.0)?, e10())?).map(PercentDelta)
}

/// What the order does to the balance of longs and shorts, in per cent: `multiplier × (e^a − e^b + e^(1−a) − e^(1−b))`
/// with `b` and `a` the own side's share of the open interest before and after it. Mirrors
/// `PairInfos.getSkewImpactSpread`: shares are basis points rounded down, each exponential is rounded down, the product
/// towards zero. Zero without open interest.
pub fn skew_impact(
    side: Side,
    notional: Usdc,
    interest: &OpenInterest,
    multiplier: I256,
) -> Result<PercentDelta, MathError> {
    let total = interest.total()?;
    if total.is_zero() {
        return Ok(PercentDelta::ZERO);
    }
    let one = U256::from(SKEW_ONE);
    let own = interest.of(side).0;
    let before = mul_div_down(one, own, total)?;
    let after = mul_div_down(one, add(own, notional.0)?, add(total, notional.0)?)?;
    let power = |share: U256| exp_e10(share, one).and_then(signed);
    let own_side = sub_signed(power(after)?, power(before)?)?;
    let raised = add_signed(own_side, power(sub(one, after)?)?)?;
    let sum = sub_signed(raised, power(sub(one, before)?)?)?;
    mul_div_towards_zero(sum, multiplier, signed(e10())?).map(PercentDelta)
}

/// The whole spread against the trader (negative: in favour), within the pair's caps.
pub fn spread(
    side: Side,
    notional: Usdc,
    params: &SpreadParams,
    skew_impact: PercentDelta,
) -> Result<PercentDelta, MathError> {
    let impact = price_impact(side, notional, params)?;
    let sum = add_signed(add_signed(signed(params.constant.0)?, impact.0)?, skew_impact.0)?;
    let best = -signed(params.favour_cap / U256::from(CAP_SCALE))?;
    let worst = signed(params.adverse_cap / U256::from(CAP_SCALE))?;
    if sum < best {
        return Ok(PercentDelta(best));
    }
    Ok(PercentDelta(sum.min(worst)))
}

/// The price at which an order of `notional` (offered collateral × leverage) is executed. Mirrors
/// `PairInfos.getTradePriceImpact`: the amount on top of the oracle's price is rounded towards zero. `skew_impact` is
/// [`skew_impact`]'s, or the contract's own view `getSkewImpactSpread`.
///
/// Closes have no spread: they are executed at the oracle's price. A short whose spread is above 100 % has no price
/// (`Overflow`); the contract's view wraps around there.
pub fn execution_price(
    oracle: PriceE10,
    side: Side,
    notional: Usdc,
    params: &SpreadParams,
    skew_impact: PercentDelta,
) -> Result<PriceE10, MathError> {
    let spread = spread(side, notional, params, skew_impact)?;
    let price = signed(oracle.0)?;
    let worse_by = mul_div_towards_zero(price, spread.0, signed(hundred_percent())?)?;
    let executed = match side {
        Side::Long => add_signed(price, worse_by)?,
        Side::Short => sub_signed(price, worse_by)?,
    };
    unsigned(executed).map(PriceE10)
}

/// The worst execution price that an order still takes: `wanted ± slippage`, the amount rounded down. Mirrors
/// `TradingCallbacks.openTradeMarketCallback`.
pub fn slippage_limit(wanted: PriceE10, slippage: PercentE10, side: Side) -> Result<PriceE10, MathError> {
    let room = mul_div_down(wanted.0, slippage.0, hundred_percent())?;
    match side {
        Side::Long => add(wanted.0, room),
        Side::Short => sub(wanted.0, room),
    }
    .map(PriceE10)
}

/// Whether an order that wanted a price is filled at an execution price; the limit itself still fills.
pub fn slippage_holds(
    execution: PriceE10,
    wanted: PriceE10,
    slippage: PercentE10,
    side: Side,
) -> Result<bool, MathError> {
    let limit = slippage_limit(wanted, slippage, side)?;
    Ok(match side {
        Side::Long => execution <= limit,
        Side::Short => execution >= limit,
    })
}
