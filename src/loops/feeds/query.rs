//! The calls that ask feeds, and their answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use alloy::primitives::{Address, U256};

use super::{
    FeedAnswer, FeedBook, FeedReading,
    answer::clean,
    trust::{Apart, Heard},
};
use crate::abi::IAggregator;
use crate::{
    aave::{MarketQuery, QueryError, ReserveList},
    chain::{Answers, Batch, BlockRef, ReadError, Reader, Slot},
    config::FeedOrigin,
    units::Secs,
};

/// … up to this: an hour of blocks of 200 ms. Asking it may take as long as [`PROBE`].
const LONGEST_QUARANTINE: u64 = 18_000;

/// Longest that a call which asks one feed alone may take; accounts and market were read already.
const PROBE: Duration = Duration::from_secs(1);

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

/// Whether a feed still says what it said, asked for its round alone.
#[derive(Debug)]
pub(in crate::loops) struct RoundQuery {
    known: FeedAnswer,
    round: Slot<IAggregator::latestRoundDataCall>,
}

impl RoundQuery {
    pub(in crate::loops) fn add(feed: Address, known: FeedAnswer, batch: &mut Batch) -> Self {
        Self { known, round: batch.add(feed, &IAggregator::latestRoundDataCall {}) }
    }

    pub(in crate::loops) fn is_same(&self, answers: &Answers) -> bool {
        answers.find(self.round).is_some_and(|round| {
            let updated_at = Secs(round.updatedAt.saturating_to());
            (round.answer, U256::from(round.roundId), updated_at)
                == (self.known.answer, self.known.round, self.known.updated_at)
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
    /// What each feed answers at a block, beside Aave's price.
    pub async fn inspect<R: Reader>(
        &mut self,
        reader: &R,
        list: &ReserveList,
        block: BlockRef,
    ) -> Result<Vec<FeedReading>, QueryError> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        self.learn(reader, block).await;
        let mut batch = Batch::new();
        let market = MarketQuery::add(list, &mut batch);
        let market = market.decode(&reader.read(block, &batch).await?, block)?;
        let mut batch = Batch::new();
        let query = FeedQuery::add(self, &mut batch);
        let shared = reader.read(block, &batch).await.ok();
        let (hearing, _) = self.hear(reader, block, &query, shared.as_ref()).await;
        Ok(self.read(&hearing, &market).1)
    }

    /// What was heard of every feed at a head: of those that shared the call (`None` when it failed with them and went
    /// through without), and of one that is asked alone, at the first head of all of them. With the count of calls that it
    /// took.
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
        let due = self.trust.due(block.number);
        for feed in &due {
            let found = ask_alone(reader, block, *feed).await;
            heard.insert(*feed, found.clone());
            if matches!(found, Heard::Answer(_)) {
                // It takes part in the common call from now on.
                self.trust.apart.remove(feed);
            } else if let Some(apart) = self.trust.apart.get_mut(feed) {
                apart.at = block.number.saturating_add(apart.rest);
                apart.rest = apart.rest.saturating_mul(2).min(LONGEST_QUARANTINE);
                apart.last = found;
            }
        }
        (Hearing(heard), due.len())
    }

    /// The call failed with these feeds: those that the settings name are asked one by one, and when there is none among
    /// them, all are.
    fn suspect(&mut self, query: &FeedQuery, at: u64) {
        let named: BTreeSet<Address> =
            self.entries.iter().filter(|entry| entry.origin == FeedOrigin::Named).map(|entry| entry.feed).collect();
        let has_named = query.0.iter().any(|(feed, _)| named.contains(feed));
        let suspects = query.0.iter().map(|(feed, _)| *feed).filter(|feed| !has_named || named.contains(feed));
        self.trust.apart.extend(suspects.map(|feed| (feed, Apart::at(at))));
    }

    /// Every contract that is asked: the feeds, and what Aave's ratios are ratios to.
    fn asked(&self) -> BTreeSet<Address> {
        let sources = self.sources.iter().flat_map(BTreeMap::values).filter_map(|source| source.base);
        self.entries.iter().map(|entry| entry.feed).chain(sources).collect()
    }
}

async fn ask_alone<R: Reader>(reader: &R, block: BlockRef, feed: Address) -> Heard {
    let mut batch = Batch::new();
    let slots = FeedSlots::add(feed, &mut batch);
    match tokio::time::timeout(PROBE, reader.read(block, &batch)).await {
        Ok(Ok(answers)) => slots.decode(&answers),
        Ok(Err(_)) | Err(_) => Heard::Harmful,
    }
}

/// What was heard of each feed.
#[derive(Debug, Default)]
pub(in crate::loops) struct Hearing(pub(super) BTreeMap<Address, Heard>);

impl Hearing {
    /// What those said that answered.
    pub(in crate::loops) fn answers(&self) -> Vec<(Address, FeedAnswer)> {
        let answered = |(feed, heard): (&Address, &Heard)| match heard {
            Heard::Answer(answer) => Some((*feed, answer.clone())),
            _ => None,
        };
        self.0.iter().filter_map(answered).collect()
    }

    /// Of one feed.
    pub(super) fn of(&self, feed: Address) -> &Heard {
        self.0.get(&feed).unwrap_or(&Heard::Unheard)
    }
}
