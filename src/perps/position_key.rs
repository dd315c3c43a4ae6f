//! The name of a position on its venue.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    str::FromStr,
};

use arrayvec::ArrayString;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::journal::PerpEntry;

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
