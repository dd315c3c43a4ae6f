//! A loop's thresholds as the chain counts them, and how pressing a health factor is.

use alloy::primitives::U256;
use rust_decimal::Decimal;

use super::{LoopFacts, Pressure};
use crate::units::{MathError, WAD, Wad, from_decimal, mul_div_up};

/// Thresholds of one loop in 18-decimal fixed point.
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
    /// At or below this health factor, the liquidation threshold, the collateral is worth no more than the debt: no sale can
    /// help, however cheap (base-replica.md §5, the partial repayment).
    pub beyond_help: Wad,
    /// Above this one a sale helps however dear: `LT × (1 + cost)`, where at the widest bounds what is sold costs as much as
    /// it counts for. Between the two it depends on the pool, which only a plan can tell.
    pub sure_help: Wad,
}

impl Levels {
    /// Those of a loop.
    #[must_use]
    pub fn of(facts: &LoopFacts) -> Self {
        let thresholds = &facts.thresholds;
        Self {
            warn: wad(thresholds.warn),
            trigger: wad(thresholds.trigger),
            target: wad(thresholds.target),
            urgent: wad(thresholds.urgent),
            last_resort: facts.last_resort.map(wad),
            floor: wad(thresholds.opening_floor()),
            beyond_help: wad(facts.liquidation_threshold.to_decimal()),
            sure_help: wad(facts.liquidation_threshold.to_decimal().saturating_mul(WORST_SALE)),
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
            _ if health_factor < self.urgent => Pressure::Urgent,
            _ => Pressure::Trim,
        })
    }

    /// The target on the oracle's prices that is `target` on the prices the oracle will answer next, when those are worse.
    pub fn target_ahead(&self, now: Wad, next: Option<Wad>) -> Result<Wad, MathError> {
        match next {
            Some(next) if next < now && !next.0.is_zero() => mul_div_up(self.target.0, now.0, next.0).map(Wad),
            _ => Ok(self.target),
        }
    }
}

/// One, and the most that a sale may cost: just above the widest bound of any class.
const WORST_SALE: Decimal = Decimal::from_parts(105, 0, 0, false, 2);

/// Thresholds are validated to be positive; one too large for the chain's format counts as infinite.
pub(super) fn wad(value: Decimal) -> Wad {
    Wad(from_decimal(value, Wad::DECIMALS).unwrap_or(U256::MAX))
}

/// Where liquidation begins.
pub(super) const ONE: Wad = Wad(WAD);
