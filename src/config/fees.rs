//! Section `fees`: what we are ready to pay for gas, by urgency.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Urgency, values};

/// Most that one class of action pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeCeiling {
    /// Most per gas, base fee and tip together, gwei.
    #[serde(with = "values::decimal")]
    pub max_fee_gwei: Decimal,
    /// Most of it as tip, gwei.
    #[serde(with = "values::decimal")]
    pub max_tip_gwei: Decimal,
}

/// Ceilings of every class of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeesConfig {
    /// Opening and boosting.
    pub open: FeeCeiling,
    /// Lowering debt in time.
    pub trim: FeeCeiling,
    /// Lowering debt in haste.
    pub urgent: FeeCeiling,
}

impl FeesConfig {
    /// The ceiling of a class.
    #[must_use]
    pub const fn of(&self, urgency: Urgency) -> FeeCeiling {
        match urgency {
            Urgency::Open => self.open,
            Urgency::Trim => self.trim,
            Urgency::Urgent | Urgency::LastResort => self.urgent,
        }
    }

    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let classes = [
            ("fees.open.max_tip_gwei", self.open),
            ("fees.trim.max_tip_gwei", self.trim),
            ("fees.urgent.max_tip_gwei", self.urgent),
        ];
        classes.into_iter().find_map(|(key, ceiling)| {
            let FeeCeiling { max_fee_gwei, max_tip_gwei } = ceiling;
            if max_tip_gwei < Decimal::ZERO || max_fee_gwei <= Decimal::ZERO {
                return Some((key, format!("tip {max_tip_gwei} and fee {max_fee_gwei} gwei must be positive")));
            }
            (max_tip_gwei > max_fee_gwei)
                .then(|| (key, format!("tip {max_tip_gwei} gwei is above the fee {max_fee_gwei} gwei it is part of")))
        })
    }
}

impl Default for FeesConfig {
    /// Base's fee is thousandths of a gwei on quiet days and some gwei in a crash; a trim of 650 000 gas at the
    /// urgent ceiling costs 0.065 ETH, less than the bonus of any liquidation worth doing.
    fn default() -> Self {
        let ceiling = |fee: Decimal, tip: Decimal| FeeCeiling { max_fee_gwei: fee, max_tip_gwei: tip };
        Self {
            open: ceiling(Decimal::from(2), Decimal::new(5, 2)),
            trim: ceiling(Decimal::from(10), Decimal::new(5, 1)),
            urgent: ceiling(Decimal::from(100), Decimal::from(5)),
        }
    }
}
