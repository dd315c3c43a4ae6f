//! The terms of the ladder and of the rules in those of a plan.

use crate::{
    config::Urgency,
    loops::{FlashChoice, FlashSource, Pair},
    units::{Wad, to_decimal},
    watchdog::rules::{PairKey, Pressure},
};

/// A health factor as a target, to six digits upwards: never less than what was asked for.
#[must_use]
pub fn decimal(wad: Wad) -> rust_decimal::Decimal {
    to_decimal(wad.0, 18).unwrap_or_default().round_dp_with_strategy(6, rust_decimal::RoundingStrategy::AwayFromZero)
}

/// The kind of a source.
pub(super) const fn choice(source: &FlashSource) -> FlashChoice {
    match source {
        FlashSource::MorphoBlue => FlashChoice::Morpho,
        FlashSource::AaveV3 => FlashChoice::Aave,
        FlashSource::UniswapV3(_) => FlashChoice::Uniswap,
    }
}

/// The bounds of a pressure.
pub(super) const fn urgency(pressure: Pressure) -> Urgency {
    match pressure {
        Pressure::Trim => Urgency::Trim,
        Pressure::Urgent => Urgency::Urgent,
        Pressure::LastResort => Urgency::LastResort,
    }
}

/// A pair as the rules name it.
pub(super) fn key(pair: &Pair) -> PairKey {
    PairKey { collateral: pair.collateral.token, debt: pair.debt.token, name: pair.name() }
}
