//! Profit of a position, before costs.

use crate::{
    perps::{
        LeverageE10, PercentDelta, PercentE10, PriceE10, Side, Usdc, UsdcDelta,
        int::{hundred_percent, mul_div_towards_zero, percent_towards_zero, signed, sub_signed},
    },
    units::MathError,
};
use alloy::primitives::I256;

/// Profit in per cent of the collateral, at most `max_gain`, at worst −100 %. Mirrors
/// `PairStorage.currentPercentProfit`: `difference × 100 × leverage / open price`, rounded towards zero.
pub fn percent_profit(
    open_price: PriceE10,
    price: PriceE10,
    side: Side,
    leverage: LeverageE10,
    max_gain: PercentE10,
) -> Result<PercentDelta, MathError> {
    let (open, now) = (signed(open_price.0)?, signed(price.0)?);
    let difference = match side {
        Side::Long => sub_signed(now, open)?,
        Side::Short => sub_signed(open, now)?,
    };
    let percent = difference.checked_mul(I256::unchecked_from(100)).ok_or(MathError::Overflow)?;
    let profit = mul_div_towards_zero(signed(leverage.0)?, percent, open)?;
    let worst = -signed(hundred_percent())?;
    let best = signed(max_gain.0)?;
    Ok(PercentDelta(if profit < worst { worst } else { profit.min(best) }))
}

/// Profit on a collateral, rounded towards zero. Mirrors `PairInfos.getTradeValuePure` and the callbacks.
pub fn pnl(collateral: Usdc, percent_profit: PercentDelta) -> Result<UsdcDelta, MathError> {
    percent_towards_zero(signed(collateral.0)?, percent_profit.0).map(UsdcDelta)
}
