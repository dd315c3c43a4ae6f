//! Section `fees`: what we are ready to pay for gas, by urgency.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Urgency, values};

/// What one class of action pays: at most in all, at most as tip, at least as tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeLimits {
    /// Most per gas, base fee and tip together, gwei.
    #[serde(with = "values::decimal")]
    pub max_fee_gwei: Decimal,
    /// Most of it as tip, gwei.
    #[serde(with = "values::decimal")]
    pub max_tip_gwei: Decimal,
    /// Tip that is offered where recent blocks took less, or nobody tells what they took, gwei.
    #[serde(with = "values::decimal")]
    pub min_tip_gwei: Decimal,
}

/// Limits of every class of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeesConfig {
    /// Opening and boosting.
    pub open: FeeLimits,
    /// Lowering debt in time.
    pub trim: FeeLimits,
    /// Lowering debt in haste.
    pub urgent: FeeLimits,
}

impl FeesConfig {
    /// The limits of a class.
    #[must_use]
    pub const fn of(&self, urgency: Urgency) -> FeeLimits {
        match urgency {
            Urgency::Open => self.open,
            Urgency::Trim => self.trim,
            Urgency::Urgent | Urgency::LastResort => self.urgent,
        }
    }

    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let classes = [
            ("fees.open.max_tip_gwei", "fees.open.min_tip_gwei", self.open),
            ("fees.trim.max_tip_gwei", "fees.trim.min_tip_gwei", self.trim),
            ("fees.urgent.max_tip_gwei", "fees.urgent.min_tip_gwei", self.urgent),
        ];
        let found = classes.into_iter().find_map(|(max_key, min_key, limits)| {
            let FeeLimits { max_fee_gwei, max_tip_gwei, min_tip_gwei } = limits;
            if max_tip_gwei < Decimal::ZERO || max_fee_gwei <= Decimal::ZERO {
                return Some((max_key, format!("tip {max_tip_gwei} and fee {max_fee_gwei} gwei must be positive")));
            }
            if max_tip_gwei > max_fee_gwei {
                let words = format!("tip {max_tip_gwei} gwei is above the fee {max_fee_gwei} gwei it is part of");
                return Some((max_key, words));
            }
            if min_tip_gwei < Decimal::ZERO {
                return Some((min_key, format!("{min_tip_gwei} gwei must not be negative")));
            }
            let words = format!("{min_tip_gwei} gwei is above max_tip_gwei, {max_tip_gwei}: lower it, or raise that");
            (min_tip_gwei > max_tip_gwei).then_some((min_key, words))
        });
        found.or_else(|| {
            let words = "must be above 0: what is urgent is sorted by its tip, and 0 is last in every block".to_owned();
            self.urgent.min_tip_gwei.is_zero().then_some(("fees.urgent.min_tip_gwei", words))
        })
    }
}

impl Default for FeesConfig {
    /// Base's fee is thousandths of a gwei on quiet days and some gwei in a crash; a trim of 650 000 gas at the
    /// urgent ceiling costs 0.065 ETH, less than the bonus of any liquidation worth doing. The least tips are the
    /// sequencer's own suggestion on a quiet day (0.001 gwei), ten times that for a trim (0.0000065 ETH) and a hundred
    /// times for an urgent one (0.000065 ETH).
    fn default() -> Self {
        let limits = |fee: Decimal, tip: Decimal, least: Decimal| FeeLimits {
            max_fee_gwei: fee,
            max_tip_gwei: tip,
            min_tip_gwei: least,
        };
        Self {
            open: limits(Decimal::from(2), Decimal::new(5, 2), Decimal::new(1, 3)),
            trim: limits(Decimal::from(10), Decimal::new(5, 1), Decimal::new(1, 2)),
            urgent: limits(Decimal::from(100), Decimal::from(5), Decimal::new(1, 1)),
        }
    }
}
