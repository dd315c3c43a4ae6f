//! What a loop earns and pays in interest.

use alloy::primitives::U256;

use super::{PlanError, context::Context};
use crate::{
    aave::Projection,
    plan::Quantity,
    units::{Secs, mul_div_down, mul_div_up},
};

/// One in 27-decimal fixed point.
const RAY: U256 = U256::from_limbs([11_515_845_246_265_065_472, 54_210_108, 0, 0]);
/// One day.
const DAY: Secs = Secs(86_400);

/// Supply interest less borrow interest of the pair over a day at the rates of the projection, in dollars; staking yield
/// that the collateral's price includes is not in it.
pub(super) fn net_carry_per_day(ctx: &Context<'_>, projection: &Projection) -> Result<Quantity, PlanError> {
    let standing = ctx.standing(projection)?;
    let market = projection.market();
    let supply = market.reserve(ctx.pair.collateral.token)?.liquidity_rate.0;
    let borrow = market.reserve(ctx.pair.debt.token)?.variable_borrow_rate.0;
    let year = RAY.saturating_mul(U256::from(Secs::YEAR.0));
    let earned = mul_div_down(standing.collateral, supply.saturating_mul(U256::from(DAY.0)), year)?;
    let paid = mul_div_up(standing.debt, borrow.saturating_mul(U256::from(DAY.0)), year)?;
    let mut carry = Quantity::usd(earned.abs_diff(paid));
    carry.negative = paid > earned;
    Ok(carry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ray_has_27_decimals() {
        assert_eq!(RAY, U256::from(10u8).pow(U256::from(27u8)));
    }
}
