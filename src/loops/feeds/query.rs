//! The calls that ask feeds, and their answers.

use std::collections::{BTreeMap, BTreeSet};

use alloy::{primitives::Address, sol};

use super::{FeedAnswer, FeedBook, answer::clean};
use crate::{
    chain::{Answers, Batch, BlockRef, ReadError, Reader, Slot},
    config::FeedOrigin,
    units::Secs,
};

sol! {
    #[derive(Debug)]
    /// A price feed as Chainlink's aggregators answer (docs.chain.link, AggregatorV3Interface).
    interface IAggregator {
        function decimals() external view returns (uint8 decimals);
        function description() external view returns (string memory description);
        function latestRoundData() external view
            returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    }
}

/// Blocks after which a feed is asked again that made a call fail.
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

/// Feeds that may not share a call with accounts and market.
#[derive(Debug, Clone, Default)]
pub(super) struct Trust {
    apart: BTreeMap<Address, Apart>,
}

/// A feed that is asked in a call of its own.
#[derive(Debug, Clone)]
struct Apart {
    /// Not before this block.
    at: u64,
    /// What was heard of it in the last one.
    last: Heard,
}

/// Where a batch has the feeds' answers.
#[derive(Debug, Default)]
pub(in crate::loops) struct FeedQuery(Vec<(Address, FeedSlots)>);

#[derive(Debug)]
struct FeedSlots {
    decimals: Slot<IAggregator::decimalsCall>,
    description: Slot<IAggregator::descriptionCall>,
    round: Slot<IAggregator::latestRoundDataCall>,
}

impl FeedSlots {
    fn add(feed: Address, batch: &mut Batch) -> Self {
        Self {
            decimals: batch.add(feed, &IAggregator::decimalsCall {}),
            description: batch.add(feed, &IAggregator::descriptionCall {}),
            round: batch.add(feed, &IAggregator::latestRoundDataCall {}),
        }
    }

    fn decode(&self, answers: &Answers) -> Heard {
        let heard = |error: &ReadError| match error {
            ReadError::Reverted { .. } => Heard::Reverts,
            _ => Heard::Silent,
        };
        let (decimals, round) = match (answers.get(self.decimals), answers.get(self.round)) {
            (Ok(decimals), Ok(round)) => (decimals, round),
            (Err(error), _) | (_, Err(error)) => return heard(&error),
        };
        Heard::Answer(FeedAnswer {
            decimals,
            description: answers.find(self.description).map(|text| clean(&text)).unwrap_or_default(),
            answer: round.answer,
            round: round.roundId.to(),
            answered_in: round.answeredInRound.to(),
            updated_at: Secs(round.updatedAt.saturating_to()),
        })
    }
}

impl FeedQuery {
    /// Adds the calls of every feed that may share a call. They belong at a batch's end: a feed that burns the gas of its
    /// call must not take it from what comes before.
    pub(in crate::loops) fn add(book: &FeedBook, batch: &mut Batch) -> Self {
        let shared = book.asked().into_iter().filter(|feed| !book.trust.apart.contains_key(feed));
        Self(shared.map(|feed| (feed, FeedSlots::add(feed, batch))).collect())
    }

    fn decode(&self, answers: &Answers) -> impl Iterator<Item = (Address, Heard)> {
        self.0.iter().map(|(feed, slots)| (*feed, slots.decode(answers)))
    }
}

impl FeedBook {
    /// What was heard of every feed at a head: of those that shared the call (`None` when it failed with them and went
    /// through without), and of one at most that is asked apart. With the count of calls that it took.
    pub(in crate::loops) async fn hear<R: Reader>(
        &mut self,
        reader: &R,
        block: BlockRef,
        query: &FeedQuery,
        shared: Option<&Answers>,
    ) -> (Hearing, usize) {
        let mut heard: BTreeMap<Address, Heard> = match shared {
            Some(answers) => query.decode(answers).collect(),
            None => BTreeMap::new(),
        };
        if shared.is_none() {
            self.suspect(query, block.number.saturating_add(1));
        }
        heard.extend(self.trust.apart.iter().map(|(feed, apart)| (*feed, apart.last.clone())));
        let due = self.trust.apart.iter().find(|(_, apart)| apart.at <= block.number).map(|(feed, _)| *feed);
        let Some(feed) = due else { return (Hearing(heard), 0) };
        let mut batch = Batch::new();
        let slots = FeedSlots::add(feed, &mut batch);
        let found = reader.read(block, &batch).await.map_or(Heard::Harmful, |answers| slots.decode(&answers));
        heard.insert(feed, found.clone());
        if matches!(found, Heard::Answer(_)) {
            // It takes part in the common call again.
            self.trust.apart.remove(&feed);
        } else {
            self.trust.apart.insert(feed, Apart { at: block.number.saturating_add(QUARANTINE), last: found });
        }
        (Hearing(heard), 1)
    }

    /// The call failed with these feeds: those that the settings name are asked one by one, and when there is none among
    /// them, all are.
    fn suspect(&mut self, query: &FeedQuery, at: u64) {
        let named: BTreeSet<Address> =
            self.entries.iter().filter(|entry| entry.origin == FeedOrigin::Named).map(|entry| entry.feed).collect();
        let has_named = query.0.iter().any(|(feed, _)| named.contains(feed));
        let suspects = query.0.iter().map(|(feed, _)| *feed).filter(|feed| !has_named || named.contains(feed));
        self.trust.apart.extend(suspects.map(|feed| (feed, Apart { at, last: Heard::Unheard })));
    }

    /// Every contract that is asked: the feeds, and what Aave's ratios are ratios to.
    fn asked(&self) -> BTreeSet<Address> {
        let sources = self.sources.iter().flat_map(BTreeMap::values).filter_map(|source| source.base);
        self.entries.iter().map(|entry| entry.feed).chain(sources).collect()
    }
}

/// What was heard of each feed.
#[derive(Debug, Default)]
pub(in crate::loops) struct Hearing(BTreeMap<Address, Heard>);

impl Hearing {
    /// Of one feed.
    pub(super) fn of(&self, feed: Address) -> &Heard {
        self.0.get(&feed).unwrap_or(&Heard::Unheard)
    }
}
