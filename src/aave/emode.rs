//! Which e-mode suits a pair, and whether an account may enter it.

use std::cmp::Reverse;

use super::{
    account::AccountState,
    market::{EModeCategory, Market},
    projection::Projection,
    refusal::Refusal,
    reserve::Reserve,
};
use crate::units::Secs;

/// The category that lets the collateral back the debt with the highest liquidation threshold, then the highest
/// LTV. `None` when no category does better than none at all.
#[must_use]
pub fn fitting<'market>(
    market: &'market Market,
    collateral: &Reserve,
    debt: &Reserve,
) -> Option<&'market EModeCategory> {
    let rank = |category: Option<&EModeCategory>| {
        (market.liquidation_threshold_in(collateral, category), market.ltv_in(collateral, category))
    };
    let allows = |category: Option<&EModeCategory>| {
        market.is_borrowable_in(debt, category) && market.ltv_in(collateral, category).0 > 0
    };
    market
        .categories
        .iter()
        .filter(|category| category.is_collateral(collateral.id) && allows(Some(category)))
        .filter(|category| !allows(None) || rank(Some(category)) > rank(None))
        .max_by_key(|category| (rank(Some(category)), Reverse(category.id)))
}

/// Whether the account may switch to the category (0 = none) at a moment; if not, why.
pub fn can_switch(market: &Market, account: &AccountState, category: u8, at: Secs) -> Result<(), Refusal> {
    Projection::new(market.clone(), account.clone(), at).set_emode(category)
}
