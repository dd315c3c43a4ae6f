//! What a close pays.

use alloy::primitives::{I256, U256};

use super::{notional, percent_profit, pnl};
use crate::{
    perps::{
        LeverageE10, PercentDelta, PercentE10, PriceE10, Side, Usdc, UsdcDelta,
        int::{add, add_signed, hundred_percent, mul_div_towards_zero, signed, sub, sub_signed, unsigned},
    },
    units::{MathError, mul_div_down},
};

/// Most that the keeper gets for executing a stop or a target: 10 USDC.
const MOST_KEEPER_FEE: u64 = 10_000_000;

/// A close, at the market or by stop or target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    /// Direction of the position.
    pub side: Side,
    /// What of the position's collateral is closed.
    pub collateral: Usdc,
    /// The position's leverage.
    pub leverage: LeverageE10,
    /// Its open price.
    pub open_price: PriceE10,
    /// The oracle's price, or the level that is executed.
    pub close_price: PriceE10,
    /// Rollover on the closed collateral ([`rollover`](super::rollover())).
    pub rollover: Usdc,
    /// The pair's closing fee.
    pub closing_fee: PercentE10,
    /// The pair's keeper fee for a stop or a target; zero for a close at the market.
    pub keeper_fee: PercentE10,
    /// Most profit, of the collateral.
    pub max_gain: PercentE10,
    /// Loss of the collateral at which nothing is left for the trader (`PairInfos.liqThreshold`).
    pub liquidation: PercentE10,
    /// What of a loss the trader bears, plain per cent; 100 without loss protection.
    pub loss_share: u64,
}

/// What a close comes to, part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseParts {
    /// Profit in per cent of the collateral, capped.
    pub percent_profit: PercentDelta,
    /// Profit before costs and before loss protection.
    pub gross: UsdcDelta,
    /// Profit after loss protection.
    pub protected: UsdcDelta,
    /// Closing fee, without the keeper's.
    pub closing_fee: Usdc,
    /// The keeper's.
    pub keeper_fee: Usdc,
    /// Rollover.
    pub rollover: Usdc,
    /// Paid to the trader.
    pub paid: Usdc,
    /// Whether so little was left that the venue took it all.
    pub is_liquidated: bool,
}

/// What a liquidation costs, plain per cent of the collateral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiquidationFees {
    /// The keeper's (`TradingCallbacks.liqFeeP`).
    pub keeper: u64,
    /// In all (`TradingCallbacks.liqTotalFeeP`).
    pub total: u64,
}

/// The closing fee, on the notional at the close price; nothing when the loss is the whole collateral or more. Mirrors
/// `TradingCallbacks`, without a referral: rounded down.
pub fn closing_fee(
    collateral: Usdc,
    leverage: LeverageE10,
    gross: UsdcDelta,
    fee: PercentE10,
) -> Result<Usdc, MathError> {
    if -gross.0 >= signed(collateral.0)? {
        return Ok(Usdc::ZERO);
    }
    let at_close = add_signed(signed(notional(collateral, leverage)?.0)?, gross.0)?;
    mul_div_down(unsigned(at_close)?, fee.0, hundred_percent()).map(Usdc)
}

/// The keeper's fee for executing a stop or a target: of the collateral, rounded down, at most 10 USDC.
pub fn keeper_fee(collateral: Usdc, fee: PercentE10) -> Result<Usdc, MathError> {
    let share = mul_div_down(collateral.0, fee.0, hundred_percent())?;
    Ok(Usdc(share.min(U256::from(MOST_KEEPER_FEE))))
}

/// What a close pays. Mirrors `PairInfos.getTradeValue`: collateral and profit, of a loss only the trader's share
/// (towards zero), less fees and rollover. When that is not more than the part of the collateral that the liquidation
/// threshold leaves (15 %, rounded down), only what loss protection gives back of the loss is paid: nothing without it.
pub fn payout(close: &Close) -> Result<CloseParts, MathError> {
    let profit = percent_profit(close.open_price, close.close_price, close.side, close.leverage, close.max_gain)?;
    let gross = pnl(close.collateral, profit)?;
    let closing_fee = closing_fee(close.collateral, close.leverage, gross, close.closing_fee)?;
    settle(close, closing_fee, keeper_fee(close.collateral, close.keeper_fee)?)
}

/// What a keeper's liquidation pays: as [`payout`], with the liquidation's fees in place of the close's. Nothing, unless
/// loss protection leaves more. Mirrors `TradingCallbacks.executeLimitCloseOrderCallback`.
pub fn liquidation_payout(close: &Close, fees: LiquidationFees) -> Result<CloseParts, MathError> {
    let of_fee = |amount: U256, percent: u64, whole: u64| mul_div_down(amount, U256::from(percent), U256::from(whole));
    let keeper = of_fee(close.collateral.0, fees.keeper, 100)?;
    let others = fees.total.checked_sub(fees.keeper).ok_or(MathError::Overflow)?;
    settle(close, Usdc(of_fee(keeper, others, fees.keeper)?), Usdc(keeper))
}

fn settle(close: &Close, closing_fee: Usdc, keeper_fee: Usdc) -> Result<CloseParts, MathError> {
    let percent_profit =
        percent_profit(close.open_price, close.close_price, close.side, close.leverage, close.max_gain)?;
    let gross = pnl(close.collateral, percent_profit)?;
    let protected = if gross.is_loss() { protected(gross, close.loss_share)? } else { gross };
    let costs = add(add(closing_fee.0, keeper_fee.0)?, close.rollover.0)?;
    let left = sub_signed(add_signed(signed(close.collateral.0)?, protected.0)?, signed(costs)?)?;
    let rest = sub(hundred_percent(), close.liquidation.0)?;
    let floor = mul_div_down(close.collateral.0, rest, hundred_percent())?;
    let is_liquidated = left <= signed(floor)?;
    let paid = if is_liquidated { sub_signed(protected.0, gross.0)? } else { left };
    Ok(CloseParts {
        percent_profit,
        gross,
        protected,
        closing_fee,
        keeper_fee,
        rollover: close.rollover,
        paid: Usdc(unsigned(paid)?),
        is_liquidated,
    })
}

fn protected(loss: UsdcDelta, share: u64) -> Result<UsdcDelta, MathError> {
    mul_div_towards_zero(signed(U256::from(share))?, loss.0, I256::unchecked_from(100)).map(UsdcDelta)
}
