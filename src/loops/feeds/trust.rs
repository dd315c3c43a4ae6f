//! Feeds that are asked apart from accounts and market, and what was heard of them.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use super::FeedAnswer;

/// Blocks after which a feed is asked again that did not answer alone; twice as many each further time …
const QUARANTINE: u64 = 300;

/// What was heard of a feed.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    Answer(FeedAnswer),
    Reverts,
    Silent,
    /// Even a call that asks nothing else fails as a whole.
    Harmful,
    /// It was not asked at this head, or the call was made again without it.
    Unheard,
}

/// Feeds that may not share a call with accounts and market: those that the settings name, until they have answered
/// alone, and those that a call failed with.
#[derive(Debug, Clone, Default)]
pub(super) struct Trust {
    pub(super) apart: BTreeMap<Address, Apart>,
    has_begun: bool,
}

impl Apart {
    /// To be asked at a block, and not heard yet.
    pub(super) const fn at(block: u64) -> Self {
        Self { at: block, rest: QUARANTINE, last: Heard::Unheard }
    }
}

impl Trust {
    /// Nothing is known of these feeds.
    pub(super) fn strangers(feeds: impl Iterator<Item = Address>) -> Self {
        Self { apart: feeds.map(|feed| (feed, Apart::at(0))).collect(), has_begun: false }
    }

    /// Who is asked alone at a block: everybody at the first, then one at a time.
    pub(super) fn due(&mut self, block: u64) -> Vec<Address> {
        let most = if std::mem::replace(&mut self.has_begun, true) { 1 } else { usize::MAX };
        let due = self.apart.iter().filter(|(_, apart)| apart.at <= block).map(|(feed, _)| *feed);
        due.take(most).collect()
    }
}

/// A feed that is asked in a call of its own.
#[derive(Debug, Clone)]
pub(super) struct Apart {
    /// Not before this block.
    pub(super) at: u64,
    /// Blocks that it rests when it does not answer.
    pub(super) rest: u64,
    /// What was heard of it in the last one.
    pub(super) last: Heard,
}
