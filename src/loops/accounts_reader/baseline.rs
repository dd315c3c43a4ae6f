//! What the last head showed.

use std::collections::BTreeSet;

use alloy::primitives::Address;

use super::Observation;
use crate::{chain::BlockRef, loops::FeedAnswer, units::Secs};

/// The last reading, and what the next head is held against.
#[derive(Debug, Clone)]
pub(super) struct Baseline {
    pub(super) observation: Observation,
    /// The block that was read in full.
    full: BlockRef,
    pub(super) rounds: Vec<(Address, FeedAnswer)>,
    accounts: Vec<Address>,
    always: BTreeSet<Address>,
}

impl Baseline {
    pub(super) fn new(
        observation: Observation,
        rounds: Vec<(Address, FeedAnswer)>,
        accounts: &[Address],
        always: &BTreeSet<Address>,
    ) -> Self {
        let full = observation.block;
        Self { observation, full, rounds, accounts: accounts.to_vec(), always: always.clone() }
    }

    /// Whether it can be carried forward to a block at all.
    pub(super) fn leads_to(&self, block: BlockRef, accounts: &[Address], always: &BTreeSet<Address>) -> bool {
        let last = self.observation.block;
        let is_next = block.number > last.number && block.timestamp >= last.timestamp;
        is_next
            && block.timestamp < self.full.timestamp.plus(FULL_EVERY)
            && self.accounts == accounts
            && self.always == *always
    }
}

/// Time of the chain after which everything is read in full.
pub(super) const FULL_EVERY: Secs = Secs(60);
