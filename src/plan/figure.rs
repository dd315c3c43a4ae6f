//! The figures of a plan: before, predicted after, and where the chain says what really happened.

use alloy::primitives::{Address, Bytes, U256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Optional, Raw};

use super::Quantity;

/// Where the outcome of a figure is read: one word of a call's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBack {
    /// Contract.
    pub to: Address,
    /// Call data.
    #[schemars(with = "String")]
    pub data: Bytes,
    /// Which 32-byte word of the answer.
    pub word: usize,
    /// Whether gas paid must be added back before comparing (the account's native balance).
    pub pays_gas: bool,
}

/// One figure of the account before and after an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Stable name: `collateral`, `debt`, `health_factor`.
    pub name: String,
    /// For people.
    pub label: String,
    /// Before the action.
    pub before: Quantity,
    /// Predicted after it; same unit and decimals.
    pub after: Quantity,
    /// Where the outcome is read; `None` for a figure derived from others.
    pub read: Option<ReadBack>,
    /// How far the simulation may be from the prediction, raw units: interest of a few seconds, or the slippage bound.
    #[serde(with = "Raw")]
    pub tolerance: U256,
    /// Only falling short counts against the tolerance: more than predicted, which anybody can send, harms nobody.
    pub at_least: bool,
    /// A check behind the scenes rather than a figure for the table: what must be nothing afterwards.
    pub detail: bool,
}

/// A predicted figure beside what the chain shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deviation {
    /// The figure's name.
    pub name: String,
    /// The figure for people.
    pub label: String,
    /// What was predicted.
    pub predicted: Quantity,
    /// What is.
    pub actual: Quantity,
    /// `|actual − predicted|`, raw units.
    #[serde(with = "Raw")]
    pub difference: U256,
    /// Difference in parts per million of the prediction; `None` when zero was predicted.
    #[serde(default, with = "Optional::<Raw>")]
    pub ppm: Option<U256>,
    /// Whether the difference is within the figure's tolerance.
    pub within: bool,
}

impl Figure {
    /// Compares the prediction with an outcome.
    #[must_use]
    pub fn compare(&self, actual: U256) -> Deviation {
        let predicted = self.after.raw;
        let difference = predicted.abs_diff(actual);
        let ppm = difference.checked_mul(U256::from(1_000_000)).and_then(|scaled| scaled.checked_div(predicted));
        Deviation {
            name: self.name.clone(),
            label: self.label.clone(),
            predicted: self.after.clone(),
            actual: Quantity { raw: actual, ..self.after.clone() },
            difference,
            ppm,
            within: difference <= self.tolerance || (self.at_least && actual > predicted),
        }
    }
}

/// Compares every readable figure with the outcomes, given in the order of the readable figures.
#[must_use]
pub fn deviations(figures: &[Figure], outcomes: &[U256]) -> Vec<Deviation> {
    figures.iter().filter(|figure| figure.read.is_some()).zip(outcomes).map(|(f, actual)| f.compare(*actual)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_measured_against_the_prediction() {
        let quantity = |raw: u64| Quantity::new(U256::from(raw), 6, "USDC");
        let figure = Figure {
            name: "debt".into(),
            label: "debt".into(),
            before: quantity(0),
            after: quantity(6_000_000),
            read: None,
            tolerance: U256::from(10),
            at_least: false,
            detail: false,
        };
        let near = figure.compare(U256::from(6_000_006));
        assert!(near.within);
        assert_eq!((near.difference, near.ppm), (U256::from(6), Some(U256::ONE)));
        assert!(!figure.compare(U256::from(5_999_000)).within);
        let wallet = Figure { at_least: true, ..figure };
        assert!(wallet.compare(U256::from(9_000_000)).within, "a gift is no reason to refuse");
        assert!(!wallet.compare(U256::from(5_999_000)).within);
    }
}
