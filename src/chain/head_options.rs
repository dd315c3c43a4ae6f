//! How often heads are asked for, and when silence is told.

use std::time::Duration;

use super::BLOCK_TIME;

/// How heads are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadOptions {
    /// How often endpoints are asked while there is no subscription.
    pub poll: Duration,
    /// Silence after which there is something to tell (strategy.md §5).
    pub stale_after: Duration,
}

impl Default for HeadOptions {
    fn default() -> Self {
        Self { poll: BLOCK_TIME, stale_after: Duration::from_secs(2) }
    }
}
