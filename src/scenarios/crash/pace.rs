//! The path's clock.

use crate::{
    chain::{BLOCK_TIME, BlockRef},
    units::Secs,
};

/// One of Base's blocks after the other: five share a second.
#[derive(Debug)]
pub(super) struct Pace {
    millis: u64,
}

impl Pace {
    /// Begins behind a head; a node that has just loaded its state counts from a moment after it.
    pub(super) const fn from(head: BlockRef) -> Self {
        Self { millis: head.timestamp.plus(Secs(2)).0.saturating_mul(1_000) }
    }

    /// The time of the next block after this head.
    pub(super) fn next(&mut self, head: BlockRef) -> Secs {
        let block = u64::try_from(BLOCK_TIME.as_millis()).unwrap_or(200);
        self.millis = self.millis.saturating_add(block).max(head.timestamp.0.saturating_mul(1_000));
        Secs(self.millis / 1_000)
    }

    /// Lets time pass before the next block.
    pub(super) const fn pass(&mut self, time: Secs) {
        self.millis = self.millis.saturating_add(time.0.saturating_mul(1_000));
    }
}
