//! Section `thresholds`: at which health factors a loop is warned about, trimmed and to what (strategy.md §5).

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values;

/// How collateral and debt move against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LoopClass {
    /// Such as WETH against USDC.
    Volatile,
    /// Such as cbETH against WETH: only the exchange rate moves.
    Correlated,
}

/// No health factor above it can be aimed at.
const MOST: Decimal = Decimal::ONE_THOUSAND;

/// Thresholds of one loop, as health factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Alert below this.
    #[serde(with = "values::decimal")]
    #[schemars(with = "Decimal")]
    pub warn: Decimal,
    /// Deleverage below this …
    #[serde(with = "values::decimal")]
    #[schemars(with = "Decimal")]
    pub trigger: Decimal,
    /// … to this.
    #[serde(with = "values::decimal")]
    #[schemars(with = "Decimal")]
    pub target: Decimal,
    /// Below this with the urgent bounds and fee ceiling.
    #[serde(with = "values::decimal")]
    #[schemars(with = "Decimal")]
    pub urgent: Decimal,
    /// Added to `trigger`: the least health factor when opening.
    #[serde(with = "values::decimal")]
    #[schemars(with = "Decimal")]
    pub headroom: Decimal,
    /// Price shock of the survival check, as a share: 0.10 is a fall of 10 %, or a rise of what a short loop owes.
    #[serde(with = "values::decimal")]
    #[schemars(with = "Decimal")]
    pub stress: Decimal,
}

/// Thresholds that are none, or make no sense together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct UnfitThresholds {
    /// Which.
    pub field: &'static str,
    /// Why, with both figures.
    pub reason: String,
}

impl Thresholds {
    /// The least health factor that a loop may open with: trigger + headroom.
    #[must_use]
    pub fn opening_floor(&self) -> Decimal {
        self.trigger.saturating_add(self.headroom)
    }

    /// The stricter of two, threshold by threshold: if both make sense, so does it.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        Self {
            warn: self.warn.max(other.warn),
            trigger: self.trigger.max(other.trigger),
            target: self.target.max(other.target),
            urgent: self.urgent.max(other.urgent),
            headroom: self.headroom.max(other.headroom),
            stress: self.stress.max(other.stress),
        }
    }

    /// These thresholds, if they make sense together: the one way in for those that come from outside the settings.
    pub fn checked(self) -> Result<Self, UnfitThresholds> {
        match self.problem() {
            Some((field, reason)) => Err(UnfitThresholds { field, reason }),
            None => Ok(self),
        }
    }

    /// Thresholds as the journal, a plan or another process has them.
    pub fn read(stored: &serde_json::Value) -> Result<Self, UnfitThresholds> {
        let read = Self::deserialize(stored);
        read.map_err(|error| UnfitThresholds { field: "thresholds", reason: error.to_string() })?.checked()
    }

    /// What is wrong with these thresholds, as (field, reason); `None` when they make sense together.
    #[must_use]
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let Self { warn, trigger, target, urgent, headroom, stress } = *self;
        if urgent <= Decimal::ONE {
            return Some(("urgent", format!("urgent {urgent} must be above 1, where liquidation begins")));
        }
        if trigger <= urgent {
            return Some(("trigger", format!("trigger {trigger} must be above urgent {urgent}")));
        }
        if warn < trigger {
            return Some(("warn", format!("warn {warn} must not be below trigger {trigger}")));
        }
        if target <= warn {
            return Some((
                "target",
                format!("target {target} must be above warn {warn}, or every trim asks for the next"),
            ));
        }
        if target > MOST {
            return Some((
                "target",
                format!("target {target} must not be above {MOST}: a trim could not be planned to it"),
            ));
        }
        if headroom < Decimal::ZERO {
            return Some(("headroom", format!("headroom {headroom} must not be negative")));
        }
        if stress < Decimal::ZERO || stress >= Decimal::ONE {
            return Some(("stress", format!("stress {stress} is a share of the price: at least 0, below 1")));
        }
        None
    }
}

/// Thresholds by class of loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThresholdsConfig {
    /// Of volatile loops.
    pub volatile: Thresholds,
    /// Of correlated loops.
    pub correlated: Thresholds,
}

impl ThresholdsConfig {
    /// The thresholds of a class.
    #[must_use]
    pub const fn of(&self, class: LoopClass) -> Thresholds {
        match class {
            LoopClass::Volatile => self.volatile,
            LoopClass::Correlated => self.correlated,
        }
    }
}

impl Default for ThresholdsConfig {
    /// The table of strategy.md §5.
    fn default() -> Self {
        let milli = |value| Decimal::new(value, 3).normalize();
        Self {
            volatile: Thresholds {
                warn: milli(1_180),
                trigger: milli(1_150),
                target: milli(1_250),
                urgent: milli(1_080),
                headroom: milli(80),
                stress: milli(100),
            },
            correlated: Thresholds {
                warn: milli(1_030),
                trigger: milli(1_025),
                target: milli(1_045),
                urgent: milli(1_015),
                headroom: milli(10),
                stress: milli(20),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn thresholds_from_outside_are_read_only_where_they_make_sense_together() {
        let fine = serde_json::to_value(ThresholdsConfig::default().volatile).expect("JSON");
        assert_eq!(Thresholds::read(&fine), Ok(ThresholdsConfig::default().volatile));
        for (field, value) in [
            ("trigger", json!("1.001")),
            ("trigger", json!("-1")),
            ("trigger", json!("2.3")),
            ("trigger", json!("NaN")),
            ("trigger", json!("inf")),
            ("trigger", json!(null)),
            ("urgent", json!("1")),
            ("warn", json!("1.1")),
            ("target", json!("1.18")),
            ("target", json!("1000.1")),
            ("headroom", json!("-0.1")),
            ("stress", json!("1")),
        ] {
            let mut changed = fine.clone();
            changed[field] = value.clone();
            assert!(Thresholds::read(&changed).is_err(), "{field} {value}");
        }
    }
}
