//! What a close pays, less what is in it.

use alloy::primitives::I256;

use super::{UpsideShare, fees::fee_on, size::notional};
use crate::{
    perps::{
        LeverageE10, PercentE10, PriceE10, Side, Usdc, UsdcDelta,
        int::{add_signed, e10, hundred_percent, mul_div_towards_zero, signed, sub_signed},
    },
    units::{MathError, mul_div_down},
};

/// What a close costs beside its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CloseCosts {
    /// Closing fee, per cent of the notional at entry.
    pub closing: PercentE10,
    /// Rollover accrued.
    pub rollover: Usdc,
    /// Funding accrued; negative is received.
    pub funding: UsdcDelta,
    /// Share of a loss that the venue bears, per cent.
    pub loss_protection: PercentE10,
}

/// A result with its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetResult {
    /// By the price alone.
    pub gross: UsdcDelta,
    /// Closing fee.
    pub closing_fee: Usdc,
    /// What the venue bears of a loss.
    pub loss_protection: Usdc,
    /// The venue's share of a profit.
    pub profit_share: Usdc,
    /// What is left.
    pub net: UsdcDelta,
}

/// `(P − Po)·D / Po · L · C`, divided once, towards zero.
pub fn gross_result(
    side: Side,
    entry: PriceE10,
    price: PriceE10,
    collateral: Usdc,
    leverage: LeverageE10,
) -> Result<UsdcDelta, MathError> {
    let difference = sub_signed(signed(price.0)?, signed(entry.0)?)?;
    let difference = if side.is_long() { difference } else { -difference };
    let leveraged = collateral.0.checked_mul(leverage.0).ok_or(MathError::Overflow)?;
    let divisor = entry.0.checked_mul(e10()).ok_or(MathError::Overflow)?;
    mul_div_towards_zero(difference, signed(leveraged)?, signed(divisor)?).map(UsdcDelta)
}

/// Gross result less closing fee, rollover and funding, and with what the venue bears of a loss.
pub fn net_result(
    gross: UsdcDelta,
    collateral: Usdc,
    leverage: LeverageE10,
    costs: &CloseCosts,
) -> Result<NetResult, MathError> {
    let closing_fee = fee_on(notional(collateral, leverage)?, costs.closing)?;
    let loss = if gross.is_loss() { gross.amount().0.min(collateral.0) } else { alloy::primitives::U256::ZERO };
    let loss_protection = Usdc(mul_div_down(loss, costs.loss_protection.0, hundred_percent())?);
    let net = without_carry(add_signed(gross.0, signed(loss_protection.0)?)?, costs)?;
    let net = UsdcDelta(sub_signed(net, signed(closing_fee.0)?)?);
    Ok(NetResult { gross, closing_fee, loss_protection, profit_share: Usdc::ZERO, net })
}

/// On a pair with a profit share: no fees, but a share of a profit by its size (avantis-v2.md §5).
pub fn upside_result(
    gross: UsdcDelta,
    collateral: Usdc,
    share: &UpsideShare,
    costs: &CloseCosts,
) -> Result<NetResult, MathError> {
    let profit_share = if gross.is_loss() {
        Usdc::ZERO
    } else {
        let gain = PercentE10(mul_div_down(gross.amount().0, hundred_percent(), collateral.0)?);
        fee_on(gross.amount(), share.at(gain))?
    };
    let net = without_carry(sub_signed(gross.0, signed(profit_share.0)?)?, costs)?;
    let (closing_fee, loss_protection) = (Usdc::ZERO, Usdc::ZERO);
    Ok(NetResult { gross, closing_fee, loss_protection, profit_share, net: UsdcDelta(net) })
}

fn without_carry(amount: I256, costs: &CloseCosts) -> Result<I256, MathError> {
    sub_signed(sub_signed(amount, signed(costs.rollover.0)?)?, costs.funding.0)
}
