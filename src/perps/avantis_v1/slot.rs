//! How this venue names positions: pair and slot.

use alloy::primitives::U256;

use crate::perps::{KeyError, PerpError, PositionKey};

/// Pair and the account's slot on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// The pair's index at the venue.
    pub(super) pair: u64,
    /// The account's slot on that pair.
    pub(super) index: u64,
}

impl Slot {
    pub(super) fn new(pair: U256, index: U256) -> Self {
        Self { pair: pair.saturating_to(), index: index.saturating_to() }
    }

    /// Reads a name that this adapter has written, or somebody has typed.
    pub(super) fn of(key: PositionKey) -> Result<Self, PerpError> {
        let wrong = || PerpError::Field { field: "position", reason: KeyError(key.to_string()).to_string() };
        let (pair, index) = key.as_str().split_once(':').ok_or_else(wrong)?;
        let number = |text: &str| text.parse().map_err(|_| wrong());
        Ok(Self { pair: number(pair)?, index: number(index)? })
    }

    /// As everybody else has it.
    pub(super) fn key(self) -> PositionKey {
        PositionKey::of_pair_and_slot(self.pair, self.index)
    }

    /// As the contracts take it.
    pub(super) fn arguments(self) -> (U256, U256) {
        (U256::from(self.pair), U256::from(self.index))
    }
}
