//! What a loop is brought to: a leverage, a health factor or a loan-to-value.

use std::fmt;

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::algebra::{leverage_wad, ltv_wad};
use crate::units::{WAD, from_decimal};

/// A target as the user states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Collateral / (collateral − debt).
    Leverage(Decimal),
    /// Aave's health factor of the account.
    HealthFactor(Decimal),
    /// Debt / collateral.
    Ltv(Decimal),
}

/// Why a number is not a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Outside what the target can mean.
    #[error("{name} {value} is out of range: it must be {must}")]
    Range {
        /// Flag name without dashes.
        name: &'static str,
        /// What was given.
        value: Decimal,
        /// The range in words.
        must: &'static str,
    },
    /// More digits than are kept.
    #[error("{name} {value} has more than 6 decimals")]
    Precision {
        /// Flag name without dashes.
        name: &'static str,
        /// What was given.
        value: Decimal,
    },
}

/// The state of a loop as far as targets look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairState {
    /// Collateral of the pair, USD with 8 decimals.
    pub collateral: U256,
    /// Debt of the pair, USD with 8 decimals.
    pub debt: U256,
    /// The account's health factor, wad.
    pub health_factor: U256,
}

impl Target {
    /// Checks that the number can be a target at all (what the market allows is a bound of the plan).
    pub fn validate(self) -> Result<Self, TargetError> {
        let (name, value) = self.named();
        let (valid, must) = match self {
            Self::Leverage(value) => (
                value > Decimal::ONE && value <= dec!(100),
                "above 1 and at most 100 (1 borrows nothing: supply with `loop deposit`, repay with `loop close`)",
            ),
            Self::HealthFactor(value) => (value > Decimal::ONE && value <= dec!(1000), "above 1 and at most 1000"),
            Self::Ltv(value) => (value > Decimal::ZERO && value < Decimal::ONE, "above 0 and below 1 (0.6 means 60 %)"),
        };
        if !valid {
            return Err(TargetError::Range { name, value, must });
        }
        if value.normalize().scale() > 6 {
            return Err(TargetError::Precision { name, value });
        }
        Ok(self)
    }

    /// Whether `standing` carries no more risk than the target asks for.
    #[must_use]
    pub fn is_within(self, standing: &PairState) -> bool {
        match self {
            Self::Leverage(_) => leverage_wad(standing.collateral, standing.debt) <= self.wad(),
            Self::HealthFactor(_) => standing.health_factor >= self.wad(),
            Self::Ltv(_) => ltv_wad(standing.collateral, standing.debt) <= self.wad(),
        }
    }

    /// The target's number in 18-decimal fixed point.
    #[must_use]
    pub fn wad(self) -> U256 {
        from_decimal(self.named().1, 18).unwrap_or(WAD)
    }

    /// What `standing` has of the target's kind, wad.
    #[must_use]
    pub fn measure(self, standing: &PairState) -> U256 {
        match self {
            Self::Leverage(_) => leverage_wad(standing.collateral, standing.debt),
            Self::HealthFactor(_) => standing.health_factor,
            Self::Ltv(_) => ltv_wad(standing.collateral, standing.debt),
        }
    }

    const fn named(self) -> (&'static str, Decimal) {
        match self {
            Self::Leverage(value) => ("leverage", value),
            Self::HealthFactor(value) => ("health-factor", value),
            Self::Ltv(value) => ("ltv", value),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leverage(value) => write!(f, "leverage {}x", value.normalize()),
            Self::HealthFactor(value) => write!(f, "health factor {}", value.normalize()),
            Self::Ltv(value) => write!(f, "LTV {} %", (value * dec!(100)).normalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_cannot_be_targets_say_their_range() {
        for bad in [
            Target::Leverage(dec!(0.5)),
            Target::Leverage(dec!(1)),
            Target::Ltv(dec!(0)),
            Target::HealthFactor(dec!(1)),
            Target::Ltv(dec!(60)),
        ] {
            assert!(matches!(bad.validate(), Err(TargetError::Range { .. })), "{bad}");
        }
        assert!(matches!(Target::Leverage(dec!(2.1234567)).validate(), Err(TargetError::Precision { .. })));
        assert!(Target::Leverage(dec!(3)).validate().is_ok());
    }

    #[test]
    fn three_targets_measure_the_same_loop() {
        let standing = PairState {
            collateral: U256::from(90_000u64) * U256::from(100_000_000u64),
            debt: U256::from(60_000u64) * U256::from(100_000_000u64),
            health_factor: WAD * U256::from(1_245u64) / U256::from(1_000u64),
        };
        assert!(Target::Leverage(dec!(3)).is_within(&standing));
        assert!(!Target::Leverage(dec!(2.999999)).is_within(&standing));
        assert!(Target::HealthFactor(dec!(1.245)).is_within(&standing));
        assert!(!Target::Ltv(dec!(0.66)).is_within(&standing));
    }
}
