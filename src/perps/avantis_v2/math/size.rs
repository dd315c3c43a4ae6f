//! Sizes, and the price of an execution.

use alloy::primitives::U256;

use crate::{
    perps::{
        CoinsE10, LeverageE10, PercentE10, PriceE10, Side, Usdc,
        int::{add, e10, hundred_percent, sub},
    },
    units::{MathError, mul_div_down},
};

/// From the 6 decimals of USDC to none.
const E6: u64 = 1_000_000;

/// Collateral times leverage, rounded down.
pub fn notional(collateral: Usdc, leverage: LeverageE10) -> Result<Usdc, MathError> {
    mul_div_down(collateral.0, leverage.0, e10()).map(Usdc)
}

/// Coins of a position: each of the three divisions is rounded down (avantis-v2.md §5). Not for pairs whose base is the dollar.
pub fn coin_exposure(collateral: Usdc, leverage: LeverageE10, price: PriceE10) -> Result<CoinsE10, MathError> {
    let leveraged = notional(collateral, leverage)?.0;
    let scaled = leveraged.checked_mul(e10()).ok_or(MathError::Overflow)?;
    let coins = mul_div_down(scaled, e10(), price.0)?;
    mul_div_down(coins, U256::ONE, U256::from(E6)).map(CoinsE10)
}

/// What an execution comes to at the oracle's price: the spread is against the trader, when opening and when closing. Rounded
/// against the trader.
pub fn execution_price(oracle: PriceE10, spread: PercentE10, side: Side, opens: bool) -> Result<PriceE10, MathError> {
    let buys = side.is_long() == opens;
    if buys {
        let factor = add(hundred_percent(), spread.0)?;
        return crate::units::mul_div_up(oracle.0, factor, hundred_percent()).map(PriceE10);
    }
    let factor = sub(hundred_percent(), spread.0)?;
    mul_div_down(oracle.0, factor, hundred_percent()).map(PriceE10)
}
