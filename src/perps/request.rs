//! What a caller wants of a venue.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LeverageE10, PercentE10, PositionKey, PriceE10, Side, Usdc};
use crate::units::{Secs, WAD, from_decimal, mul_div_down};

/// An action on the venue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "request")]
// One is made for an action; a box would only be in the way.
#[allow(clippy::large_enum_variant)]
pub enum PerpRequest {
    /// Opens a position, or places the limit order that will.
    Open(OpenRequest),
    /// Closes a position or a part of it at the market.
    Close {
        /// Which.
        position: PositionKey,
        /// How much.
        portion: Portion,
    },
    /// Puts margin in or takes it out; the size stays.
    Margin {
        /// Which.
        position: PositionKey,
        /// Which way.
        change: MarginChange,
    },
    /// Moves stop and target.
    Levels {
        /// Which.
        position: PositionKey,
        /// The stop.
        stop: Change,
        /// The target.
        target: Change,
    },
    /// Takes a limit order back.
    Cancel {
        /// Which.
        order: PositionKey,
    },
}

/// A position to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenRequest {
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// What is offered; the opening fee comes out of it.
    pub margin: Usdc,
    /// Leverage of what is left.
    pub leverage: LeverageE10,
    /// At the market, or at a price.
    pub entry: Entry,
    /// Where it ends with a loss.
    pub stop: Option<Level>,
    /// Where it ends with a win; the venue's most when none.
    pub target: Option<Level>,
    /// Most that the fill may be worse than the mark.
    pub slippage: PercentE10,
    /// The signal it serves, for the journal.
    pub signal: Option<String>,
    /// What the signal expects, for the journal and its exits.
    #[serde(default)]
    pub outlook: Option<Outlook>,
}

/// What a signal expects of a position; the venue never sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outlook {
    /// Forecast drift, a share of the price.
    pub drift: Decimal,
    /// Confidence, 0 to 1.
    pub confidence: Decimal,
    /// The forecast's half-life.
    pub half_life: Option<Secs>,
}

/// How a position is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// At the market.
    Market,
    /// Not before the mark is at this price or better.
    Limit(PriceE10),
}

/// A stop or a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// At a price.
    Price(PriceE10),
    /// So far from the entry, as a share of its price: 0.02 is 2 %.
    Distance(Decimal),
}

impl Level {
    /// Its price, above or below an entry; `None` where a distance gives none.
    #[must_use]
    pub fn price(self, entry: PriceE10, is_above: bool) -> Option<PriceE10> {
        let distance = match self {
            Self::Price(price) => return Some(price),
            Self::Distance(distance) => distance,
        };
        let moved = mul_div_down(entry.0, from_decimal(distance, 18)?, WAD).ok()?;
        let price = if is_above { entry.0.checked_add(moved) } else { entry.0.checked_sub(moved) };
        price.map(PriceE10)
    }
}

/// What becomes of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// As it is.
    Keep,
    /// None any more; a target falls back to the venue's most.
    Remove,
    /// There.
    To(Level),
}

/// How much of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Portion {
    /// All.
    All,
    /// A share of its collateral, above 0 and below 1.
    Part(Decimal),
}

/// A change of margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MarginChange {
    /// Puts in.
    Add(Usdc),
    /// Takes out.
    Remove(Usdc),
}
