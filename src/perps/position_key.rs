//! The name of a position on its venue.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names a position or a limit order of an account: pair and slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct PositionKey {
    /// The pair's index at the venue.
    pub pair_index: u64,
    /// The account's slot on that pair.
    pub index: u64,
}

/// As commands take it: `PAIR:SLOT`.
impl fmt::Display for PositionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.pair_index, self.index)
    }
}

/// A text that names no position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a position, such as 0:1, as `perp list` shows it")]
pub struct KeyError(String);

impl FromStr for PositionKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let wrong = || KeyError(text.to_owned());
        let (pair, index) = text.split_once(':').ok_or_else(wrong)?;
        let number = |part: &str| part.parse().map_err(|_| wrong());
        Ok(Self { pair_index: number(pair)?, index: number(index)? })
    }
}
