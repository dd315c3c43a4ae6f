//! What became of a loop on a path.

use alloy::primitives::U256;

use super::{Kind, Notice, Path};
use crate::units::Wad;

/// What became of a loop on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Repeats it.
    pub seed: u64,
    /// What the path was made of.
    pub kind: Kind,
    /// Some head showed a crossing: a health factor below the trigger by the oracle, the pool or the feed.
    pub touched: bool,
    /// By the widest words, some head showed 1 ≤ HF < trigger, or a crossing by pool or feed, before the health factor was
    /// below one: answered or not, and whether or not anything could be done.
    pub warned: bool,
    /// What the head before the first fall below one had shown; `None` when there was no fall.
    pub first_fall: Option<Notice>,
    /// One block took the loop below one from where no head had shown a crossing that could be answered and was not.
    /// All other paths are solvent.
    pub gapped: bool,
    /// Left alone, a head shows a crossing before the health factor is below one.
    pub announced_if_idle: bool,
    /// Liquidations with the watchdog.
    pub liquidations: u32,
    /// Liquidations without.
    pub liquidations_if_idle: u32,
    /// It fell below one although the head before had shown the crossing: what must never happen, at the first fall or
    /// after it.
    pub missed: bool,
    /// The first head that showed a crossing, or amounts after a liquidation, brought no alert.
    pub silent: bool,
    /// An action of ours lowered the health factor.
    pub lowered: bool,
    /// A boost went below the opening floor.
    pub below_floor: bool,
    /// The lowest health factor of a head.
    pub worst: Wad,
    /// Equity at the end, wallet included, USD with 8 decimals.
    pub equity: U256,
    /// The same for the loop left alone.
    pub equity_if_idle: U256,
    /// What liquidators took above the debt they paid, USD with 8 decimals.
    pub lost: U256,
    /// The same for the loop left alone.
    pub lost_if_idle: U256,
    /// Of each trim that was called for: blocks until one was mined.
    pub blocks_to_trim: Vec<u64>,
    /// Trims that were mined, slices included.
    pub trims: u32,
    /// Boosts that were mined.
    pub boosts: u32,
    /// Boosts that came after a trim.
    pub swings: u32,
    /// Heads on which only a human was left.
    pub humans: u32,
}

impl Outcome {
    /// Of a path before its first block.
    #[must_use]
    pub const fn nothing(path: &Path) -> Self {
        Self {
            seed: path.seed,
            kind: path.kind,
            touched: false,
            warned: false,
            first_fall: None,
            gapped: false,
            announced_if_idle: false,
            liquidations: 0,
            liquidations_if_idle: 0,
            missed: false,
            silent: false,
            lowered: false,
            below_floor: false,
            worst: Wad(U256::MAX),
            equity: U256::ZERO,
            equity_if_idle: U256::ZERO,
            lost: U256::ZERO,
            lost_if_idle: U256::ZERO,
            blocks_to_trim: Vec::new(),
            trims: 0,
            boosts: 0,
            swings: 0,
            humans: 0,
        }
    }

    /// Notes a fall below one, of which the head before had shown this.
    pub fn fell(&mut self, notice: Notice) {
        self.first_fall.get_or_insert(notice);
        self.missed |= notice == Notice::Announced;
        self.gapped |= notice != Notice::Announced;
    }
}
