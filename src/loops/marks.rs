//! Where a pair stands inside an account.

use super::{Standing, class_of};
use crate::{
    aave::{Projection, Reserve, StateError},
    config::LoopClass,
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
