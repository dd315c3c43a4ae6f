//! Where a pair stands inside an account.

use super::PairState;
use crate::aave::{Projection, Reserve, StateError};

/// The pair's two values, the account's health factor.
pub(super) fn standing(projection: &Projection, collateral: &Reserve, debt: &Reserve) -> Result<PairState, StateError> {
    Ok(PairState {
        collateral: collateral.collateral_value(projection.supplied(collateral.asset)?)?.0,
        debt: debt.debt_value(projection.owed(debt.asset)?)?.0,
        health_factor: projection.account_data()?.health_factor.0,
    })
}
