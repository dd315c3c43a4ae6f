//! Margin put in or taken out, and positions made smaller.

use alloy::primitives::U256;

use super::{clip_target, notional, percent_profit, pnl};
use crate::{
    perps::{
        LeverageE10, MarginChange, PercentE10, PriceE10, Side, Usdc,
        int::{add, add_signed, e10, hundred_percent, mul_div_towards_zero, signed, sub},
    },
    units::{MathError, mul_div_down},
};

/// What must be left of the collateral, at the price of a withdrawal, plain per cent of it (`W_T_B` otherwise).
const LEFT_AFTER_WITHDRAWAL: u64 = 20;

/// A position whose margin is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginStep {
    /// Direction.
    pub side: Side,
    /// Collateral before.
    pub collateral: Usdc,
    /// The position's stored open interest (`TradeInfo.openInterestUSDC`), which stays.
    pub open_interest: Usdc,
    /// Open price.
    pub open_price: PriceE10,
    /// Target before.
    pub target: PriceE10,
    /// Rollover accrued so far; it is paid now.
    pub rollover: Usdc,
    /// Most profit, of the collateral.
    pub max_gain: PercentE10,
}

/// The position afterwards. Whether its leverage is within the pair's range is for the caller to see
/// (`LEVERAGE_INCORRECT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margined {
    /// Collateral.
    pub collateral: Usdc,
    /// Leverage.
    pub leverage: LeverageE10,
    /// Target, clipped anew.
    pub target: PriceE10,
}

/// What a change of margin makes of a position. Mirrors `Trading.updateMargin` and its callback: collateral ± amount −
/// rollover, leverage = open interest / collateral rounded down, target clipped at the new leverage. Taking out more
/// than there is, is an overflow.
pub fn margin_change(step: &MarginStep, change: MarginChange) -> Result<Margined, MathError> {
    let changed = match change {
        MarginChange::Add(amount) => add(step.collateral.0, amount.0)?,
        MarginChange::Remove(amount) => sub(step.collateral.0, amount.0)?,
    };
    let collateral = sub(changed, step.rollover.0)?;
    let leverage = LeverageE10(mul_div_down(step.open_interest.0, e10(), collateral)?);
    let target = clip_target(step.open_price, step.side, leverage, step.target, step.max_gain)?;
    Ok(Margined { collateral: Usdc(collateral), leverage, target })
}

/// Whether the venue lets a withdrawal pass at a price: collateral and profit afterwards must be more than 20 % of the
/// collateral afterwards. Mirrors `TradingCallbacks.updateMarginCallback`.
pub fn is_withdrawal_covered(step: &MarginStep, after: &Margined, price: PriceE10) -> Result<bool, MathError> {
    let profit = percent_profit(step.open_price, price, step.side, after.leverage, step.max_gain)?;
    let collateral = signed(after.collateral.0)?;
    let left = add_signed(collateral, pnl(after.collateral, profit)?.0)?;
    let needed = U256::from(LEFT_AFTER_WITHDRAWAL);
    Ok(left > mul_div_towards_zero(signed(needed)?, collateral, signed(hundred_percent() / e10())?)?)
}

/// What is left of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reduced {
    /// Collateral; leverage, open price and levels stay.
    pub collateral: Usdc,
    /// Stored open interest.
    pub open_interest: Usdc,
}

/// What closing a part of the collateral leaves. Mirrors `TradingStorage.registerPartialTrade`: the open interest falls
/// by closed collateral × leverage, rounded down. Closing more than there is, is an overflow.
pub fn partial_close(
    collateral: Usdc,
    open_interest: Usdc,
    leverage: LeverageE10,
    closed: Usdc,
) -> Result<Reduced, MathError> {
    let left = sub(collateral.0, closed.0)?;
    let interest = sub(open_interest.0, notional(closed, leverage)?.0)?;
    Ok(Reduced { collateral: Usdc(left), open_interest: Usdc(interest) })
}
