//! A trim over several heads: while a part of it is left, or the chain was faster.

use alloy::primitives::U256;

use crate::{
    units::Wad,
    watchdog::rules::{AccountFacts, AccountTrim, PairKey, Pressure, trim_on},
};

/// Most heads that one trim goes on over: as many parts as accounts have collaterals that matter, and some that were overtaken.
const ROUNDS: u32 = 12;
/// How often a trim that the chain overtook goes out again at once; then the next rung is tried.
const OVERTAKEN: u32 = 4;

/// A trim under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pursuit {
    /// As it is tried on the present head.
    pub trim: AccountTrim,
    rounds: u32,
    overtaken: u32,
    /// What was sold for what in the parts that are mined.
    sold: Vec<PairKey>,
    is_partly_done: bool,
    has_last_resort: bool,
}

impl Pursuit {
    /// Begins; the bounds of the last resort are for accounts that have one.
    #[must_use]
    pub const fn new(trim: AccountTrim, has_last_resort: bool) -> Self {
        Self { trim, rounds: 0, overtaken: 0, sold: Vec::new(), is_partly_done: false, has_last_resort }
    }

    /// A part of it was mined; whether it goes on over the next head.
    pub fn partly(&mut self, sold: Option<&PairKey>) -> bool {
        self.overtaken = 0;
        self.is_partly_done = true;
        self.sold.extend(sold.cloned());
        self.next_round()
    }

    /// What was sold for what in the parts that are mined.
    #[must_use]
    pub fn sold(&self) -> &[PairKey] {
        &self.sold
    }

    /// As the newest head wants it: a target that was set ahead of the oracle is another one when the oracle has answered, and a
    /// part that was mined may have taken the haste away. `false` when the account is there.
    pub fn goes_on(&mut self, facts: &AccountFacts, act_on_feed: bool) -> bool {
        if let Some(fresh) = trim_on(facts, act_on_feed) {
            // The next bounds stay the next ones after a trim that was overtaken.
            let least = if self.overtaken > 0 { self.trim.pressure } else { Pressure::Trim };
            self.trim = AccountTrim { pressure: fresh.pressure.max(least), ..fresh };
        }
        !self.is_there(facts.health_factor)
    }

    /// The chain was faster: the next bounds allow for the move that was too much for these. Whether it goes on.
    pub fn was_overtaken(&mut self) -> bool {
        self.overtaken = self.overtaken.saturating_add(1);
        let allowed = |next: &Pressure| *next != Pressure::LastResort || self.has_last_resort;
        self.trim.pressure = self.trim.pressure.next().filter(allowed).unwrap_or(self.trim.pressure);
        self.next_round()
    }

    const fn next_round(&mut self) -> bool {
        self.rounds = self.rounds.saturating_add(1);
        self.rounds < ROUNDS
    }

    /// How often in a row the chain was faster: each time the bid is higher.
    #[must_use]
    pub const fn times_overtaken(&self) -> u32 {
        self.overtaken
    }

    /// Whether a trim that the chain overtakes once more goes out again at once.
    #[must_use]
    pub const fn may_be_overtaken(&self) -> bool {
        self.overtaken < OVERTAKEN
    }

    /// Nothing of it was mined yet.
    #[must_use]
    pub const fn is_first(&self) -> bool {
        !self.is_partly_done
    }

    /// Whether a health factor is within a ten-thousandth of the target.
    #[must_use]
    fn is_there(&self, health_factor: Wad) -> bool {
        let target = self.trim.target.0;
        health_factor.0.saturating_add(target / U256::from(10_000u64)) >= target
    }
}
