//! Time, passed in wherever a decision needs it.

use std::{
    fmt::Debug,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::units::Secs;

/// Where time comes from. On-chain deadlines come from a block's timestamp, never from here.
pub trait Clock: Debug + Send + Sync {
    /// Milliseconds since 1970 UTC; may jump.
    fn wall_millis(&self) -> u64;

    /// Time since a fixed moment; never goes back. Staleness and pauses are measured with it.
    fn monotonic(&self) -> Duration;

    /// Seconds since 1970 UTC; may jump.
    fn wall(&self) -> Secs {
        Secs(self.wall_millis() / 1_000)
    }
}

/// The system's clocks; the only place that reads them.
#[derive(Debug, Clone)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn wall_millis(&self) -> u64 {
        // A clock before 1970 reads as 1970: every head then looks fresh, and nothing depends on it but a warning.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}
