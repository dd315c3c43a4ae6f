//! Stop and target as distances, which survive the difference between the price of a signal and that of its fill.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::strategy::exact::{ONE, x};

/// Direction of a perp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Wins when the price rises.
    Long,
    /// Wins when the price falls.
    Short,
}

impl Side {
    /// The other direction.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }

    /// The price that is `distance` (a share) better than `price` for this side. `None` when it does not fit.
    #[must_use]
    pub fn better_by(self, price: Decimal, distance: Decimal) -> Option<Decimal> {
        match self {
            Self::Long => (x(price) * (ONE + distance)).get(),
            Self::Short => (x(price) * (ONE - distance)).get(),
        }
    }

    /// How much better than `from` the price `to` is for this side, as a share of `from`; negative when worse.
    #[must_use]
    pub fn gain(self, from: Decimal, to: Decimal) -> Option<Decimal> {
        match self {
            Self::Long => ((x(to) - from) / from).get(),
            Self::Short => ((x(from) - to) / from).get(),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Long => "long",
            Self::Short => "short",
        })
    }
}

/// Distances of stop and target from the entry, as shares of it: 0.02 is 2 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
