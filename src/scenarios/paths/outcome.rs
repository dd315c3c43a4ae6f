//! What became of an account on a path.

use alloy::primitives::U256;

use super::{Form, Kind, Notice, Path};
use crate::units::Wad;

/// What became of an account on a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Repeats it.
    pub seed: u64,
    /// What the path was made of.
    pub kind: Kind,
    /// What kind of account it had.
    pub form: Form,
    /// How many collaterals and how many debts that account had, dust left out.
    pub size: (usize, usize),
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
    /// By what its falls were announced, the first included.
    pub falls: Vec<Notice>,
    /// It fell below one although the head before had shown the crossing: what must never happen, at the first fall or
    /// after it.
    pub missed: bool,
    /// The first head that showed a crossing, or amounts after a liquidation, brought no alert.
    pub silent: bool,
    /// An action of ours lowered the health factor.
    pub lowered: bool,
    /// Something was sold, or taken from the wallet, that the owner does not allow, or before what he put in front.
    pub sold_outside: bool,
    /// Nothing was tried on a head that called for a trim, while something allowed could help.
    pub gave_up: bool,
    /// A transaction failed on the very state that it was planned on.
    pub failed: bool,
    /// Transactions of ours that the block's new prices came before, and that reverted for it.
    pub reverted: u32,
    /// A boost went below the opening floor.
    pub below_floor: bool,
    /// The lowest health factor of a head.
    pub worst: Wad,
    /// The health factor at the end, by the feed.
    pub ended: Wad,
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
    pub fn nothing(path: &Path) -> Self {
        Self {
            seed: path.seed,
            kind: path.kind,
            form: path.form,
            size: path.account.size(),
            touched: false,
            warned: false,
            first_fall: None,
            gapped: false,
            announced_if_idle: false,
            liquidations: 0,
            liquidations_if_idle: 0,
            falls: Vec::new(),
            missed: false,
            silent: false,
            lowered: false,
            sold_outside: false,
            gave_up: false,
            failed: false,
            reverted: 0,
            below_floor: false,
            worst: Wad(U256::MAX),
            ended: Wad(U256::MAX),
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
        self.falls.push(notice);
        self.missed |= notice == Notice::Announced;
        self.gapped |= notice != Notice::Announced;
    }

    /// Whether something happened that must never happen.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.missed
            || self.silent
            || self.lowered
            || self.below_floor
            || self.sold_outside
            || self.gave_up
            || self.failed
    }
}
