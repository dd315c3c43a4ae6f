//! What became of a loop on a path, and of many.

use std::fmt;

use alloy::primitives::U256;
use schemars::JsonSchema;
use serde::Serialize;

use crate::scenarios::paths::{Outcome, Path, Report};

/// A path on the replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrashOutcome {
    /// As the pure simulation counts.
    pub counted: Outcome,
    /// A trim was in the block of the new prices, but not where it was meant to be.
    pub out_of_order: bool,
    /// Blocks whose prices moved, ahead of the trim in it, by more than the trim's bounds allow.
    pub outpaced: u32,
    /// Blocks of the path.
    pub blocks: u64,
    /// What happened, in words.
    pub story: Vec<String>,
}

impl CrashOutcome {
    /// Of a path before its first block.
    pub(super) fn nothing(path: &Path) -> Self {
        let counted = Outcome::nothing(path);
        Self { counted, out_of_order: false, outpaced: 0, blocks: 0, story: Vec::new() }
    }

    /// Whether liquidators took more than from the loop left alone.
    #[must_use]
    pub fn lost_more(&self) -> bool {
        is_more(self.counted.lost, self.counted.lost_if_idle)
    }
}

/// By more than a ten-thousandth: the twin was opened a block later and owes a block's interest less.
fn is_more(one: U256, other: U256) -> bool {
    one > other.saturating_add(other / U256::from(10_000u64))
}

/// What many paths came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CrashReport {
    /// Counts by kind of path, and blocks from breach to trim.
    #[serde(flatten)]
    pub counted: Report,
    /// Paths on which the loop left alone was worth more at the end.
    pub idle_better: u64,
    /// Paths on which liquidators took more than from the loop left alone.
    pub lost_more: u64,
    /// Blocks whose prices moved, ahead of the trim in it, by more than the trim's bounds allow.
    pub outpaced: u64,
    /// Blocks that were played.
    pub blocks: u64,
}

impl CrashReport {
    /// Counts a path in.
    pub fn add(&mut self, outcome: &CrashOutcome) {
        let counted = &outcome.counted;
        self.counted.add(counted);
        let count = |counter: &mut u64, holds: bool| *counter = counter.saturating_add(u64::from(holds));
        count(&mut self.idle_better, is_more(counted.equity_if_idle, counted.equity));
        count(&mut self.lost_more, outcome.lost_more());
        self.outpaced = self.outpaced.saturating_add(u64::from(outcome.outpaced));
        self.blocks = self.blocks.saturating_add(outcome.blocks);
    }

    /// Paths played.
    #[must_use]
    pub fn paths(&self) -> u64 {
        self.counted.kinds.values().map(|kind| kind.paths).sum()
    }

    /// Whether something happened that must never happen.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        !self.counted.broken.is_empty()
    }
}

impl fmt::Display for CrashReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.counted)?;
        writeln!(f, "blocks played: {}; in which prices outpaced a trim: {}", self.blocks, self.outpaced)?;
        write!(
            f,
            "paths on which the loop left alone ended richer: {}; on which liquidators took more: {}",
            self.idle_better, self.lost_more
        )
    }
}
