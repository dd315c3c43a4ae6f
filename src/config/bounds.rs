//! Section `bounds`: what an action may cost, by how urgent it is (strategy.md §5).

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values;
use crate::units::Bps;

/// How much is at stake when an action does not happen; selects bounds and fee ceilings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Urgency {
    /// Opening, boosting, closing at leisure: nothing is lost by refusing.
    Open,
    /// A deleverage between the `trigger` and `urgent` thresholds.
    Trim,
    /// A deleverage below `urgent`.
    Urgent,
    /// A deleverage when liquidation is next: its swap bound follows from the liquidation bonus.
    LastResort,
}

impl Urgency {
    /// Whether it protects a position: such actions lower debt, or add collateral, before somebody liquidates.
    #[must_use]
    pub const fn is_protective(self) -> bool {
        !matches!(self, Self::Open)
    }

    /// The next wider class of bounds; the widest is its own.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Open => Self::Trim,
            Self::Trim => Self::Urgent,
            Self::Urgent | Self::LastResort => Self::LastResort,
        }
    }

    /// As the settings spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Trim => "trim",
            Self::Urgent => "urgent",
            Self::LastResort => "last-resort",
        }
    }
}

/// Bounds of one class of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionBounds {
    /// Most that a swap may lose against the quote and against the oracle.
    pub slippage_bps: Bps,
}

/// Bounds when liquidation is next: what liquidation would cost is the measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastResort {
    /// Health factor below which these bounds hold (volatile loops).
    #[serde(with = "values::decimal")]
    pub health_factor: Decimal,
    /// How much cheaper than the liquidation bonus the swap must be.
    pub below_bonus_bps: Bps,
}

/// Bounds of every class of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundsConfig {
    /// Opening and boosting.
    pub open: ActionBounds,
    /// Lowering debt in time.
    pub trim: ActionBounds,
    /// Lowering debt in haste.
    pub urgent: ActionBounds,
    /// Lowering debt when liquidation is next.
    pub last_resort: LastResort,
    /// Pool price against oracle price: beyond it, actions that do not lower debt are refused.
    pub oracle_gate_bps: Bps,
    /// Gas of an action that adds risk against the equity it leaves: beyond it the plan warns; 0 warns never.
    pub gas_share_bps: Bps,
    /// How far a plan made now may be from what its file, or the command that hands it to a daemon, predicted.
    pub plan_drift_bps: Bps,
}

/// More slippage than makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("slippage-bps: {}", too_wide_words(*.asked, *.ceiling))]
pub struct SlippageTooWide {
    /// What was asked for, basis points.
    pub asked: u32,
    /// The most that is taken.
    pub ceiling: u32,
}

impl SlippageTooWide {
    /// Both figures and what to do, without the field's name.
    #[must_use]
    pub fn reason(&self) -> String {
        too_wide_words(self.asked, self.ceiling)
    }
}

fn too_wide_words(asked: u32, ceiling: u32) -> String {
    format!(
        "{asked} is above the ceiling of {ceiling} ({}): give {ceiling} or less, or act in smaller steps",
        Bps(ceiling)
    )
}

/// Most slippage of an action that adds risk, basis points.
const MOST_SLIPPAGE: u32 = 1_000;
/// Most slippage of an action that lowers debt, basis points.
const MOST_SLIPPAGE_LOWERING: u32 = 2_000;

impl BoundsConfig {
    /// Whether slippage that somebody asks for an action is within what settings could allow it.
    pub const fn slippage_within_ceiling(asked: Bps, lowers_debt: bool) -> Result<(), SlippageTooWide> {
        let ceiling = if lowers_debt { MOST_SLIPPAGE_LOWERING } else { MOST_SLIPPAGE };
        if asked.0 > ceiling { Err(SlippageTooWide { asked: asked.0, ceiling }) } else { Ok(()) }
    }

    /// The bounds of a class; the last resort's are the urgent ones, or wider where the liquidation bonus allows it.
    #[must_use]
    pub const fn of(&self, urgency: Urgency) -> ActionBounds {
        match urgency {
            Urgency::Open => self.open,
            Urgency::Trim => self.trim,
            Urgency::Urgent | Urgency::LastResort => self.urgent,
        }
    }

    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let percent_or_less = |key, bps: Bps, most: u32| {
            (bps.0 > most).then(|| (key, format!("{bps} is more than the {} that make sense here", Bps(most))))
        };
        let ordered = (self.open.slippage_bps > self.trim.slippage_bps
            || self.trim.slippage_bps > self.urgent.slippage_bps)
            .then(|| {
                let Self { open, trim, urgent, .. } = self;
                let values = format!("{}, {}, {}", open.slippage_bps, trim.slippage_bps, urgent.slippage_bps);
                (
                    "bounds.trim.slippage_bps",
                    format!("open, trim, urgent must not shrink in this order; they are {values}"),
                )
            });
        percent_or_less("bounds.open.slippage_bps", self.open.slippage_bps, MOST_SLIPPAGE)
            .or_else(|| percent_or_less("bounds.trim.slippage_bps", self.trim.slippage_bps, MOST_SLIPPAGE))
            .or_else(|| percent_or_less("bounds.urgent.slippage_bps", self.urgent.slippage_bps, MOST_SLIPPAGE_LOWERING))
            .or_else(|| percent_or_less("bounds.oracle_gate_bps", self.oracle_gate_bps, 2_000))
            .or_else(|| percent_or_less("bounds.gas_share_bps", self.gas_share_bps, 10_000))
            .or_else(|| percent_or_less("bounds.plan_drift_bps", self.plan_drift_bps, 1_000))
            .or(ordered)
    }
}

impl Default for BoundsConfig {
    /// The table of strategy.md §5.
    fn default() -> Self {
        let slippage = |bps| ActionBounds { slippage_bps: Bps(bps) };
        Self {
            open: slippage(50),
            trim: slippage(100),
            urgent: slippage(300),
            last_resort: LastResort { health_factor: Decimal::new(102, 2), below_bonus_bps: Bps(50) },
            oracle_gate_bps: Bps(100),
            gas_share_bps: Bps(100),
            plan_drift_bps: Bps(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slippage_of_99_per_cent_is_refused_with_field_ceiling_and_what_to_do() {
        let refused = BoundsConfig::slippage_within_ceiling(Bps(9_900), false).expect_err("too wide").to_string();
        assert_eq!(
            refused,
            "slippage-bps: 9900 is above the ceiling of 1000 (10 %): give 1000 or less, or act in smaller steps"
        );
        assert!(BoundsConfig::slippage_within_ceiling(Bps(1_000), false).is_ok());
        assert!(BoundsConfig::slippage_within_ceiling(Bps(2_000), true).is_ok());
        assert!(BoundsConfig::slippage_within_ceiling(Bps(2_001), true).is_err());
    }
}
