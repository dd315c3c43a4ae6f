//! Times. On-chain deadlines are seconds; nothing here reads a clock.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Seconds: a duration, or a moment since 1970-01-01 UTC where the context says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Secs(pub u64);

impl Secs {
    /// 365 days, the year of Aave's interest (base-replica.md §4).
    pub const YEAR: Self = Self(31_536_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600);

    /// This moment plus a duration; saturates.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// Milliseconds since 1970-01-01 UTC by the wall clock: what people and log files are told, and the deadlines of orders that
/// are signed for the perp venue; never a deadline of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Millis(pub u64);
