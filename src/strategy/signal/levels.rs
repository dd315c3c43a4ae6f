//! Stop and target as distances, which survive the difference between the price of a signal and that of its fill.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::perps::Side;

/// Distances of stop and target from the entry, as shares of it: 0.02 is 2 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Levels {
    /// To the stop, where the position loses.
    pub stop: Decimal,
    /// To the target, where it wins.
    pub target: Decimal,
}

impl Levels {
    /// Prices of stop and target around a fill; the distances stay as shares (our reading of strategy.md §2), so that
    /// what is won and lost does not depend on the drift between signal and fill.
    #[must_use]
    pub fn around(self, side: Side, fill: Decimal) -> Option<(Decimal, Decimal)> {
        Some((side.opposite().better_by(fill, self.stop)?, side.better_by(fill, self.target)?))
    }
}
