//! How much more debt a loop could take, by each thing that limits it.

use alloy::primitives::U256;
use schemars::JsonSchema;
use serde::Serialize;

use super::threshold_prices::standing;
use crate::{
    aave::{Projection, Reserve, StateError},
    plan::Quantity,
    units::{Bps, MathError, WAD, mul_div_down, mul_div_up},
};

/// One limit on growing a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GrowthLimit {
    /// What limits: `supply cap of WETH`.
    pub name: String,
    /// Debt that can be added before it binds, in dollars, with all of it supplied again as collateral; before costs.
    pub debt: Quantity,
}

/// All limits, the one that binds first in front. `floor` is the least health factor an opening may leave, wad.
pub(super) fn growth_limits(
    projection: &Projection,
    collateral: &Reserve,
    debt: &Reserve,
    floor: U256,
) -> Result<Vec<GrowthLimit>, StateError> {
    let mut limits: Vec<GrowthLimit> = barred(projection, collateral, debt)?
        .into_iter()
        .map(|name| GrowthLimit { name, debt: Quantity::usd(U256::ZERO) })
        .collect();
    let mut add = |name: String, usd: U256| limits.push(GrowthLimit { name, debt: Quantity::usd(usd) });
    if let Some(usd) = until_floor(projection, collateral, debt, floor)? {
        add("health factor floor for opening".to_owned(), usd);
    }
    add("loan to value".to_owned(), until_ltv(projection, collateral)?);
    let at = projection.at();
    if let Some(room) = collateral.supply_room(at)? {
        add(format!("supply cap of {}", collateral.symbol), collateral.collateral_value(room)?.0);
    }
    if let Some(room) = debt.borrow_room(at)? {
        add(format!("borrow cap of {}", debt.symbol), debt.collateral_value(room)?.0);
    }
    add(format!("liquidity of {}", debt.symbol), debt.collateral_value(debt.virtual_balance)?.0);
    limits.sort_by_key(|limit| limit.debt.raw);
    Ok(limits)
}

/// What bars growth altogether.
fn barred(projection: &Projection, collateral: &Reserve, debt: &Reserve) -> Result<Vec<String>, StateError> {
    let market = projection.market();
    let category = market.category(projection.account().emode)?;
    let mut reasons = Vec::new();
    for reserve in [collateral, debt] {
        let symbol = &reserve.symbol;
        let configuration = reserve.configuration;
        let states = [
            (!configuration.is_active(), "inactive"),
            (configuration.is_paused(), "paused"),
            (configuration.is_frozen(), "frozen"),
        ];
        reasons.extend(states.iter().filter(|(is, _)| *is).map(|(_, word)| format!("{symbol} is {word}")));
    }
    if !market.is_borrowable_in(debt, category) {
        let place = category.map_or_else(String::new, |category| format!(" in e-mode {}", category.id));
        reasons.push(format!("{} cannot be borrowed{place}", debt.symbol));
    }
    if !market.borrowing_allowed {
        reasons.push("the oracle sentinel bars borrowing".to_owned());
    }
    Ok(reasons)
}

/// `x` with `(W + x·LT) / (D + x) = floor`; `None` when no debt leads there.
fn until_floor(
    projection: &Projection,
    collateral: &Reserve,
    debt: &Reserve,
    floor: U256,
) -> Result<Option<U256>, StateError> {
    let health_factor = standing(projection, collateral, debt)?.health_factor;
    let owed = projection.account_data()?.debt.0;
    let category = projection.market().category(projection.account().emode)?;
    let threshold = share(projection.market().liquidation_threshold_in(collateral, category))?;
    let Some(rest) = floor.checked_sub(threshold).filter(|rest| !rest.is_zero()) else { return Ok(None) };
    let surplus = health_factor.saturating_sub(floor);
    Ok(Some(mul_div_down(owed, surplus, rest)?))
}

/// `x` with `D + x = LTV · C + x·LTV(collateral)`.
fn until_ltv(projection: &Projection, collateral: &Reserve) -> Result<U256, StateError> {
    let category = projection.market().category(projection.account().emode)?;
    let ltv = share(projection.market().ltv_in(collateral, category))?;
    let rest = WAD.checked_sub(ltv).ok_or(MathError::Overflow)?;
    Ok(mul_div_down(projection.account_data()?.available_borrows.0, WAD, rest)?)
}

fn share(bps: Bps) -> Result<U256, MathError> {
    mul_div_up(WAD, U256::from(bps.0), U256::from(Bps::ONE.0))
}
