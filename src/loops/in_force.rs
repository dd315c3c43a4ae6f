//! Which thresholds hold for a pair of an account.

use super::{KnownLoop, Pair, class_of};
use crate::{
    aave::{Market, StateError, emode},
    config::{Thresholds, ThresholdsConfig},
};

/// The thresholds of a pair, and whether the journal has a loop of it open: the loop's own, or those of the pair's class
/// where the journal has none or none that make sense. One asset that backs whatever there is counts as volatile.
pub fn thresholds_in_force(
    loops: &[KnownLoop],
    defaults: &ThresholdsConfig,
    market: &Market,
    pair: &Pair,
) -> Result<(Thresholds, bool), StateError> {
    if pair.is_same_asset() {
        return Ok((defaults.volatile, false));
    }
    let is_it = |known: &&KnownLoop| {
        known.position.collateral == pair.collateral.token && known.position.debt == pair.debt.token
    };
    let known = loops.iter().find(is_it);
    match known.and_then(|known| known.thresholds) {
        Some(thresholds) => Ok((thresholds, true)),
        None => Ok((class_thresholds(defaults, market, pair)?, known.is_some())),
    }
}

/// The thresholds of the class that a pair has in its best e-mode.
pub fn class_thresholds(defaults: &ThresholdsConfig, market: &Market, pair: &Pair) -> Result<Thresholds, StateError> {
    let (collateral, debt) = (market.reserve(pair.collateral.token)?, market.reserve(pair.debt.token)?);
    // One that is entered for the debt alone leaves the collateral its own values.
    let fitting = emode::fitting(market, collateral, debt).filter(|category| category.is_collateral(collateral.id));
    Ok(defaults.of(class_of(fitting.map(|category| category.liquidation_threshold))))
}
