//! An account's thresholds as the chain counts them, and how pressing a health factor is.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{AccountFacts, Pressure};
use crate::units::{Bps, MathError, UsdE8, WAD, Wad, from_decimal, mul_div_down, mul_div_up};

/// Thresholds of one account in 18-decimal fixed point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// Alert below this.
    pub warn: Wad,
    /// Trim below this …
    pub trigger: Wad,
    /// … to this.
    pub target: Wad,
    /// Trim in haste below this.
    pub urgent: Wad,
    /// Bounds of the last resort below this.
    pub last_resort: Option<Wad>,
    /// No boost below this: trigger and headroom.
    pub floor: Wad,
    /// At or below this health factor, the mean liquidation threshold, the collateral is worth no more than the debt at the
    /// oracle's prices (base-replica.md §5, the partial repayment). What a sale brings may be more: pools have prices of their
    /// own.
    pub insolvent: Wad,
}

impl Levels {
    /// Those of an account.
    #[must_use]
    pub fn of(facts: &AccountFacts) -> Self {
        let thresholds = &facts.thresholds;
        Self {
            warn: wad(thresholds.warn),
            trigger: wad(thresholds.trigger),
            target: wad(thresholds.target),
            urgent: wad(thresholds.urgent),
            last_resort: facts.last_resort.map(wad),
            floor: wad(thresholds.opening_floor()),
            insolvent: insolvent(facts),
        }
    }

    /// How pressing a health factor is; `None` at or above the trigger.
    #[must_use]
    pub fn pressure(&self, health_factor: Wad) -> Option<Pressure> {
        if health_factor >= self.trigger {
            return None;
        }
        Some(match self.last_resort {
            Some(last_resort) if health_factor < last_resort => Pressure::LastResort,
            _ if one_move_on(health_factor) < self.urgent => Pressure::Urgent,
            _ => Pressure::Trim,
        })
    }

    /// The trigger and so much of it on top.
    #[must_use]
    pub fn trigger_with(&self, margin: Bps) -> Wad {
        let (whole, with) = (U256::from(Bps::ONE.0), U256::from(Bps::ONE.0.saturating_add(margin.0)));
        mul_div_up(self.trigger.0, with, whole).map_or(self.trigger, Wad)
    }

    /// The target on the oracle's prices that is `target` on the prices the oracle will answer next, when those are worse.
    pub fn target_ahead(&self, now: Wad, next: Option<Wad>) -> Result<Wad, MathError> {
        match next {
            Some(next) if next < now && !next.0.is_zero() => mul_div_up(self.target.0, now.0, next.0).map(Wad),
            _ => Ok(self.target),
        }
    }
}

/// The health factor at which the collateral's value would be that of the debt: `HF × D / C`.
fn insolvent(facts: &AccountFacts) -> Wad {
    mean_threshold(facts.health_factor, facts.debt_value, facts.collateral_value)
}

/// The liquidation threshold that an account's collateral has in the mean, `HF × D / C`; zero without debt or collateral.
pub(super) fn mean_threshold(health_factor: Wad, debt: UsdE8, collateral: UsdE8) -> Wad {
    if health_factor.0 == U256::MAX || collateral.0.is_zero() {
        return Wad(U256::ZERO);
    }
    Wad(mul_div_down(health_factor.0, debt.0, collateral.0).unwrap_or(U256::ZERO))
}

/// Thresholds are validated to be positive; one too large for the chain's format counts as infinite.
pub(super) fn wad(value: Decimal) -> Wad {
    Wad(from_decimal(value, Wad::DECIMALS).unwrap_or(U256::MAX))
}

/// The health factor after one more fall of prices by what a trim's own bounds allow, 1 %: a trim that the same fall overtakes
/// in its block would be refused by the narrow bounds and be needed at the wide ones.
fn one_move_on(health_factor: Wad) -> Wad {
    let kept = U256::from(99u8);
    Wad(mul_div_down(health_factor.0, kept, U256::from(100u8)).unwrap_or(health_factor.0))
}

/// Where liquidation begins.
pub(super) const ONE: Wad = Wad(WAD);
