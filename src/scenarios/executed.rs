//! What an end came to on the chain, beside what it had to come to.

use alloy::primitives::U256;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    perps::{EndKind, Usdc},
    plan::Deviation,
    units::{Ether, Raw, to_decimal},
};

/// Most that computed and executed may differ: 0.000001 USDC.
const UNIT: U256 = U256::ONE;
const MILLION: U256 = U256::from_limbs([1_000_000, 0, 0, 0]);
/// Figures of a loop that are compared.
const COMPARED: [&str; 4] = ["collateral", "debt", "leverage", "health_factor"];

/// How a scenario ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The perp's pair reaches the target.
    Win,
    /// It reaches the stop.
    Loss,
    /// Ether falls by 10 %.
    Shock,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 3] = [Self::Win, Self::Loss, Self::Shock];
}

/// One end, carried out.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Executed {
    /// Which.
    pub end: End,
    /// How the perp ended.
    pub ended_by: EndKind,
    /// Block of the perp's fill.
    pub filled: u64,
    /// Block of its end.
    pub ended: u64,
    /// Paid out by arithmetic from the venue's parameters before the order and these two blocks.
    pub computed: Usdc,
    /// Paid out on the chain, by the venue's event.
    pub paid: Usdc,
    /// Rollover by arithmetic.
    pub rollover: Usdc,
    /// Largest difference of anything that arithmetic says of the perp: entry, stop and target (1e-10 USD), collateral,
    /// payout and what the wallet got (1e-6 USDC); raw units.
    #[serde(with = "Raw")]
    pub difference: U256,
    /// Largest relative difference between a loop plan and its outcome.
    pub loop_gap: LoopGap,
    /// Leverage that the loop has afterwards; `None` when it was closed or there is none.
    pub loop_left: Option<Decimal>,
    /// Ether that the loop gave back when it was closed, wei, beside what was put in.
    #[serde(with = "Raw")]
    pub loop_returned: U256,
    /// See `loop_returned`.
    #[serde(with = "Raw")]
    pub loop_equity: U256,
    /// Gas and L1 fees of all transactions, wei.
    #[serde(with = "Ether")]
    pub gas: U256,
}

impl Executed {
    /// Whether arithmetic and chain agree: the perp to 0.000001 USDC, the loop to a millionth.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.difference <= UNIT && self.loop_gap.agrees()
    }
}

/// How far a loop's outcome is from its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct LoopGap {
    /// `|outcome − predicted|` of the figure that is furthest away, raw units.
    #[serde(with = "Raw")]
    pub difference: U256,
    /// The prediction, raw units.
    #[serde(with = "Raw")]
    pub predicted: U256,
    /// How many figures were compared; none where no loop was touched.
    pub compared: usize,
}

impl LoopGap {
    /// The largest of what was compared.
    #[must_use]
    pub fn of(figures: &[Deviation]) -> Self {
        let compared = figures.iter().filter(|figure| COMPARED.contains(&figure.name.as_str()));
        let gaps =
            compared.map(|figure| Self { difference: figure.difference, predicted: figure.predicted.raw, compared: 1 });
        gaps.fold(Self::default(), Self::or)
    }

    /// The larger of two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let left = self.difference.saturating_mul(other.predicted);
        let right = other.difference.saturating_mul(self.predicted);
        // Beside a prediction of nothing every difference is the larger one.
        let is_larger = if self.predicted.is_zero() { !other.difference.is_zero() } else { right > left };
        let larger = if (is_larger && !self.is_from_nothing()) || other.is_from_nothing() { other } else { self };
        Self { compared: self.compared.saturating_add(other.compared), ..larger }
    }

    /// Whether it is a millionth of the prediction or less, exactly.
    #[must_use]
    pub fn agrees(self) -> bool {
        self.difference.checked_mul(MILLION).is_some_and(|scaled| scaled <= self.predicted)
    }

    /// Parts per million with six digits, rounded up; `None` beside a prediction of nothing.
    #[must_use]
    pub fn ppm(self) -> Option<Decimal> {
        if self.difference.is_zero() {
            return Some(Decimal::ZERO);
        }
        let scaled = self.difference.checked_mul(MILLION)?.checked_mul(MILLION)?;
        let rounded = scaled.checked_add(self.predicted.checked_sub(U256::ONE)?)?.checked_div(self.predicted)?;
        to_decimal(rounded, 6).map(|ppm| ppm.normalize())
    }

    fn is_from_nothing(self) -> bool {
        self.predicted.is_zero() && !self.difference.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;

    fn gap(difference: u64, predicted: u64) -> LoopGap {
        LoopGap { difference: U256::from(difference), predicted: U256::from(predicted), compared: 1 }
    }

    #[test]
    fn a_loop_that_is_a_hair_more_than_a_millionth_away_is_apart() {
        assert!(gap(1, 1_000_000).agrees() && gap(0, 0).agrees());
        assert!(!gap(1, 999_999).agrees(), "whole parts per million would still say one");
        assert!(!gap(1, 0).agrees());
        assert_eq!((gap(3, 2_000_000).ppm(), gap(1, 0).ppm()), (Some(dec!(1.5)), None));
    }

    #[test]
    fn the_furthest_figure_counts() {
        let (near, far) = (gap(1, 1_000_000), gap(2, 1_000_000));
        let two = |gap: LoopGap| LoopGap { compared: 2, ..gap };
        assert_eq!((near.or(far), far.or(near)), (two(far), two(far)));
        assert_eq!((far.or(gap(0, 0)), gap(0, 0).or(far)), (two(far), two(far)));
        assert_eq!((far.or(gap(1, 0)), gap(1, 0).or(far)), (two(gap(1, 0)), two(gap(1, 0))));
    }
}
