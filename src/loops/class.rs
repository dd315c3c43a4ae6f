//! The class of a loop's pair and the thresholds it is watched by (strategy.md §5).

use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

use crate::units::Bps;

/// How collateral and debt move against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Prices move freely against each other: WETH/USDC, cbBTC/USDC.
    Volatile,
    /// Collateral is priced as an exchange rate of the debt: cbETH/WETH in e-mode 9.
    Correlated,
}

/// From this liquidation threshold on, Aave itself treats a pair in e-mode as one asset and its derivative.
const CORRELATED_FROM: Bps = Bps(9_000);

impl Class {
    /// The class of a pair whose liquidation threshold in its e-mode is `e_mode_threshold` (`None` outside e-modes).
    #[must_use]
    pub fn of(e_mode_threshold: Option<Bps>) -> Self {
        match e_mode_threshold {
            Some(threshold) if threshold >= CORRELATED_FROM => Self::Correlated,
            _ => Self::Volatile,
        }
    }
}

/// Health factors at which a loop is warned about, trimmed, and brought back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Alert.
    pub warn: Decimal,
    /// Deleverage to `target`.
    pub trigger: Decimal,
    /// Where a trim ends.
    pub target: Decimal,
    /// As trigger, with the urgent bounds.
    pub urgent: Decimal,
    /// Room above `trigger` that an opening must leave.
    pub headroom: Decimal,
    /// Relative fall of the collateral against the debt used to test survival: 0.10 is −10 %.
    pub stress: Decimal,
}

/// Why a set of thresholds cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThresholdError {
    /// Two thresholds are in the wrong order.
    #[error("{low_name} {low} must be below {high_name} {high}")]
    Order {
        /// The one that must be lower.
        low_name: &'static str,
        /// Its value.
        low: Decimal,
        /// The one that must be higher.
        high_name: &'static str,
        /// Its value.
        high: Decimal,
    },
    /// A value outside its range.
    #[error("{name} {value} must be between {min} and {max}")]
    Range {
        /// Which.
        name: &'static str,
        /// Its value.
        value: Decimal,
        /// Lowest allowed.
        min: Decimal,
        /// Highest allowed.
        max: Decimal,
    },
}

impl Thresholds {
    /// The defaults of a class.
    #[must_use]
    pub const fn defaults(class: Class) -> Self {
        match class {
            Class::Volatile => Self {
                warn: dec!(1.18),
                trigger: dec!(1.15),
                target: dec!(1.25),
                urgent: dec!(1.08),
                headroom: dec!(0.08),
                stress: dec!(0.10),
            },
            Class::Correlated => Self {
                warn: dec!(1.03),
                trigger: dec!(1.025),
                target: dec!(1.045),
                urgent: dec!(1.015),
                headroom: dec!(0.01),
                stress: dec!(0.02),
            },
        }
    }

    /// The lowest health factor an opening or a boost may end at.
    #[must_use]
    pub fn floor(&self) -> Decimal {
        self.trigger + self.headroom
    }

    /// Checks order and ranges: 1 < urgent < trigger < warn < target, room for the opening, a stress between 0 and 1.
    pub fn validate(&self) -> Result<(), ThresholdError> {
        let ascending = [
            ("1", Decimal::ONE),
            ("urgent", self.urgent),
            ("trigger", self.trigger),
            ("warn", self.warn),
            ("target", self.target),
        ];
        for pair in ascending.windows(2) {
            let [(low_name, low), (high_name, high)] = pair else { continue };
            if low >= high {
                return Err(ThresholdError::Order { low_name, low: *low, high_name, high: *high });
            }
        }
        let range = |name, value: Decimal, min, max| {
            if value < min || value > max { Err(ThresholdError::Range { name, value, min, max }) } else { Ok(()) }
        };
        range("headroom", self.headroom, Decimal::ZERO, dec!(10))?;
        range("stress", self.stress, Decimal::ZERO, dec!(0.99))?;
        range("target", self.target, dec!(1.001), dec!(100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_of_both_classes_are_usable() {
        for class in [Class::Volatile, Class::Correlated] {
            assert_eq!(Thresholds::defaults(class).validate(), Ok(()));
        }
        assert_eq!(Thresholds::defaults(Class::Volatile).floor(), dec!(1.23));
    }

    #[test]
    fn a_trigger_above_its_target_is_refused_with_both_figures() {
        let thresholds = Thresholds { target: dec!(1.16), ..Thresholds::defaults(Class::Volatile) };
        let error = thresholds.validate().expect_err("refused");
        assert_eq!(error.to_string(), "warn 1.18 must be below target 1.16");
    }

    #[test]
    fn a_pair_is_correlated_only_where_aave_treats_it_so() {
        assert_eq!(Class::of(None), Class::Volatile);
        assert_eq!(Class::of(Some(Bps(8_300))), Class::Volatile);
        assert_eq!(Class::of(Some(Bps(9_500))), Class::Correlated);
    }
}
