//! Where a pair stands inside an account, and at which prices its health factor crosses a threshold.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{Standing, algebra::price_at_health_factor, class_of};
use crate::{
    aave::{Projection, Reserve, StateError},
    config::LoopClass,
    plan::Quantity,
    units::{Bps, WAD, Wad, mul_div_down},
};

/// The pair's two values, the account's health factor.
pub(super) fn standing(projection: &Projection, collateral: &Reserve, debt: &Reserve) -> Result<Standing, StateError> {
    Ok(Standing {
        collateral: collateral.collateral_value(projection.supplied(collateral.asset)?)?.0,
        debt: debt.debt_value(projection.owed(debt.asset)?)?.0,
        health_factor: projection.account_data()?.health_factor.0,
    })
}

/// The class that collateral has in the account's e-mode.
pub(super) fn class_in(projection: &Projection, collateral: &Reserve) -> Result<LoopClass, StateError> {
    let category = projection.market().category(projection.account().emode)?;
    let threshold = category.filter(|category| category.is_collateral(collateral.id));
    Ok(class_of(threshold.map(|category| category.liquidation_threshold)))
}

/// The collateral's price in the unit that moves: dollars, or the debt asset of a correlated pair.
pub(super) fn price_of(
    projection: &Projection,
    collateral: &Reserve,
    debt: &Reserve,
    usd: U256,
) -> Result<Quantity, StateError> {
    if class_in(projection, collateral)? == LoopClass::Correlated {
        // Both prices follow ether: what moves is the exchange rate.
        let rate = mul_div_down(usd, WAD, debt.price()?.0)?;
        return Ok(Quantity::new(rate, 18, debt.symbol.clone()));
    }
    Ok(Quantity::usd(usd))
}

/// The same as a number; `None` when no price leads there, or it does not fit.
pub fn threshold_price(
    projection: &Projection,
    collateral: &Reserve,
    debt: &Reserve,
    health_factor: Wad,
) -> Result<Option<Decimal>, StateError> {
    let price = price_at(projection, collateral, debt, health_factor.0)?;
    Ok(price.to_decimal().filter(|price| !price.is_zero()))
}

/// The price of the pair's collateral at which the account has a health factor, all other prices unchanged; zero when no
/// price leads there.
pub(super) fn price_at(
    projection: &Projection,
    collateral: &Reserve,
    debt: &Reserve,
    health_factor: U256,
) -> Result<Quantity, StateError> {
    let market = projection.market();
    let standing = standing(projection, collateral, debt)?;
    let data = projection.account_data()?;
    let category = market.category(projection.account().emode)?;
    let threshold = market.liquidation_threshold_in(collateral, category);
    let counted = mul_div_down(standing.collateral, U256::from(threshold.0), U256::from(Bps::ONE.0))?;
    let weighted = match data.health_factor.0 {
        U256::MAX => counted,
        health_factor => mul_div_down(data.debt.0, health_factor, WAD)?,
    };
    let price = collateral.price()?;
    if standing.collateral.is_zero() || data.debt.0.is_zero() {
        return Ok(Quantity::usd(U256::ZERO));
    }
    let fixed = weighted.saturating_sub(counted);
    let at = price_at_health_factor(price.0, standing.collateral, threshold, fixed, data.debt.0, health_factor)?;
    price_of(projection, collateral, debt, at)
}
