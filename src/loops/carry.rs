//! What a loop earns and pays in interest.

use alloy::primitives::{Address, U256};

use crate::{
    aave::{Projection, Reserve, StateError},
    plan::Quantity,
    units::{MathError, Ray, Secs, UsdE8, mul_div_down, mul_div_up},
};

/// One in 27-decimal fixed point.
const RAY: U256 = U256::from_limbs([11_515_845_246_265_065_472, 54_210_108, 0, 0]);
/// One day.
const DAY: Secs = Secs(86_400);

/// Supply interest less borrow interest of the pair over a day at the rates of the projection, in dollars; staking yield
/// that the collateral's price includes is not in it.
pub fn net_carry_per_day(projection: &Projection, collateral: Address, debt: Address) -> Result<Quantity, StateError> {
    let market = projection.market();
    let (collateral, debt) = (market.reserve(collateral)?, market.reserve(debt)?);
    let supplied = collateral.collateral_value(projection.supplied(collateral.asset)?)?;
    let owed = debt.debt_value(projection.owed(debt.asset)?)?;
    carry_per_day((collateral, supplied), (debt, owed))
}

/// Tokens of Aave's reserves on Base whose price grows by a staking or lending yield that no rate of Aave shows.
const YIELDING: [&str; 12] = [
    "cbETH",
    "wstETH",
    "weETH",
    "ezETH",
    "wrsETH",
    "rsETH",
    "rETH",
    "wsuperOETHb",
    "sUSDe",
    "sUSDS",
    "syrupUSDC",
    "LBTC",
];

/// How carry is called: what a token's own yield adds, or costs where it is owed, is not in it, for no figure of it is on Aave.
#[must_use]
pub fn carry_label<'a>(symbols: impl IntoIterator<Item = &'a str>) -> String {
    let mut yielding: Vec<_> = symbols.into_iter().filter(|symbol| YIELDING.contains(symbol)).collect();
    yielding.dedup();
    match yielding[..] {
        [] => "net carry per day".to_owned(),
        _ => format!("net carry per day (own yield of {} not included)", yielding.join(", ")),
    }
}

/// The same of these values of the two reserves.
pub(crate) fn carry_per_day(
    (collateral, supplied): (&Reserve, UsdE8),
    (debt, owed): (&Reserve, UsdE8),
) -> Result<Quantity, StateError> {
    Ok(net(earned_per_day(supplied.0, collateral.liquidity_rate)?, paid_per_day(owed.0, debt.variable_borrow_rate)?))
}

/// The same over everything that the account has supplied and owes.
pub(super) fn account_carry_per_day(projection: &Projection) -> Result<Quantity, StateError> {
    let (mut earned, mut paid) = (U256::ZERO, U256::ZERO);
    for reserve in &projection.market().reserves {
        let holding = projection.account().holding(reserve.asset);
        // A supply without price, which anybody may have sent, backs nothing and earns nothing that could be told.
        if !holding.scaled_supply.is_zero() && reserve.price.is_some() {
            let value = reserve.collateral_value(projection.supplied(reserve.asset)?)?.0;
            earned = earned.saturating_add(earned_per_day(value, reserve.liquidity_rate)?);
        }
        if !holding.scaled_debt.is_zero() {
            let value = reserve.debt_value(projection.owed(reserve.asset)?)?.0;
            paid = paid.saturating_add(paid_per_day(value, reserve.variable_borrow_rate)?);
        }
    }
    Ok(net(earned, paid))
}

fn earned_per_day(value: U256, rate: Ray) -> Result<U256, MathError> {
    mul_div_down(value, rate.0.saturating_mul(U256::from(DAY.0)), year())
}

fn paid_per_day(value: U256, rate: Ray) -> Result<U256, MathError> {
    mul_div_up(value, rate.0.saturating_mul(U256::from(DAY.0)), year())
}

fn year() -> U256 {
    RAY.saturating_mul(U256::from(Secs::YEAR.0))
}

fn net(earned: U256, paid: U256) -> Quantity {
    let mut carry = Quantity::usd(earned.abs_diff(paid));
    carry.negative = paid > earned;
    carry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carry_of_a_staked_token_says_that_its_own_yield_is_not_included() {
        assert_eq!(carry_label(["WETH", "USDC"]), "net carry per day");
        assert_eq!(carry_label(["wstETH", "WETH"]), "net carry per day (own yield of wstETH not included)");
    }

    #[test]
    fn a_ray_has_27_decimals() {
        assert_eq!(RAY, U256::from(10u8).pow(U256::from(27u8)));
    }
}
