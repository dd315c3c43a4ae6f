//! Direction of a perp.

use std::fmt;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Direction of a perp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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

    /// Whether it is the buying side.
    #[must_use]
    pub const fn is_long(self) -> bool {
        matches!(self, Self::Long)
    }

    /// The price that is `distance` (a share) better than `price` for this side. `None` when it does not fit.
    #[must_use]
    pub fn better_by(self, price: Decimal, distance: Decimal) -> Option<Decimal> {
        let factor = match self {
            Self::Long => Decimal::ONE.checked_add(distance)?,
            Self::Short => Decimal::ONE.checked_sub(distance)?,
        };
        price.checked_mul(factor)
    }

    /// How much better than `from` the price `to` is for this side, as a share of `from`; negative when worse.
    #[must_use]
    pub fn gain(self, from: Decimal, to: Decimal) -> Option<Decimal> {
        let difference = match self {
            Self::Long => to.checked_sub(from)?,
            Self::Short => from.checked_sub(to)?,
        };
        difference.checked_div(from)
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
