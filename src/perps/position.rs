//! What an account has at the venue.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    str::FromStr,
};

use alloy::primitives::U256;
use arrayvec::ArrayString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{LeverageE10, OrderKind, PriceE10, Side, Usdc};
use crate::{
    journal::PerpEntry,
    units::{Raw, Secs},
};

/// Names a position or a limit order of an account in its venue's own words, such as `0:1` on Avantis. Only the venue's
/// adapter reads it; everybody else compares and shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionKey(ArrayString<MOST_LETTERS>);

/// Longest name of a position.
const MOST_LETTERS: usize = 80;

/// A text that names no position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a position, such as 0:1, as `perp list` shows it")]
pub struct KeyError(pub(super) String);

impl PositionKey {
    /// As the venue's adapter wrote it, and commands take it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that the journal has of a position.
    pub fn recorded(entry: &PerpEntry) -> Result<Self, KeyError> {
        entry.key.parse()
    }

    /// Two numbers with a colon between them, as venues name positions by pair and slot, and plans and journals had them
    /// in two fields up to version 5 of the journal.
    #[must_use]
    pub fn of_pair_and_slot(pair: u64, slot: u64) -> Self {
        let mut text = ArrayString::new();
        // Two numbers of 20 digits fit.
        let _ = write!(text, "{pair}:{slot}");
        Self(text)
    }
}

impl fmt::Display for PositionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PositionKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let is_plain =
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":.-_".contains(&byte));
        let wrong = || KeyError(text.chars().take(MOST_LETTERS).collect());
        if !is_plain {
            return Err(wrong());
        }
        ArrayString::from(text).map(Self).map_err(|_| wrong())
    }
}

impl Serialize for PositionKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PositionKey {
    /// A text, or pair and slot in an object, as older plans and journals have it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Slot { pair_index: u64, index: u64 },
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => text.parse().map_err(D::Error::custom),
            Written::Slot { pair_index, index } => Ok(Self::of_pair_and_slot(pair_index, index)),
        }
    }
}

impl JsonSchema for PositionKey {
    fn schema_name() -> Cow<'static, str> {
        "PositionKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "Names a position or a limit order in its venue's own words." })
    }
}

/// An open position at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PerpPosition {
    /// Its name.
    pub key: PositionKey,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// Margin left in it after the opening fee.
    pub collateral: Usdc,
    /// Leverage of that.
    pub leverage: LeverageE10,
    /// Collateral × leverage at entry.
    pub notional: Usdc,
    /// Execution price.
    pub entry: PriceE10,
    /// Where it ends with a win; zero for none.
    pub target: PriceE10,
    /// Where it ends with a loss; zero for none.
    pub stop: PriceE10,
    /// Where the venue takes it, rollover so far included.
    pub liquidation: PriceE10,
    /// Rollover that a close would pay now.
    pub rollover: Usdc,
    /// The oracle's price now; zero when the price service does not answer.
    pub mark: PriceE10,
    /// What a close at the mark would pay out.
    pub value: Usdc,
    /// `value` less the collateral, as an amount.
    pub pnl: Usdc,
    /// Whether that is a loss.
    pub is_loss: bool,
    /// When it was opened.
    pub opened: Secs,
    /// A close of it waits for the keeper.
    pub closing: bool,
    /// Block from which levels and margin may be changed again.
    pub changeable_from: u64,
    /// Share of a loss that is paid by the trader, plain per cent (loss protection); 100 without.
    pub loss_share: u64,
}

/// A market order that the keeper has not executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PendingOrder {
    /// The venue's number.
    #[serde(with = "Raw")]
    pub id: U256,
    /// Open or close.
    pub kind: OrderKind,
    /// Of a close: the position. Of an open: what the venue has of the one to come.
    pub key: PositionKey,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// USDC that it holds (an open), or is to be closed.
    pub amount: Usdc,
    /// Block it was placed in.
    pub block: u64,
}

/// A limit order that waits for its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LimitOrder {
    /// Its name.
    pub key: PositionKey,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// USDC that it holds.
    pub margin: Usdc,
    /// Leverage.
    pub leverage: LeverageE10,
    /// Its price.
    pub price: PriceE10,
    /// Target, zero for none.
    pub target: PriceE10,
    /// Stop, zero for none.
    pub stop: PriceE10,
    /// Block from which it may be taken back.
    pub changeable_from: u64,
}
