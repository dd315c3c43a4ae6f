//! Which feeds are asked for which token.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::Address;

use super::{
    FeedFault,
    answer::{clean, subject},
    trust::Trust,
};
use crate::abi::IRatioSource;
use crate::{
    aave::ReserveList,
    chain::{Batch, BlockRef, Reader},
    config::{FeedInUse, FeedOrigin, Heartbeats, StandardFeed, WatchConfig},
    units::{Secs, UsdE8},
};

/// Dearer than this a token is no coin of a currency, USD with 8 decimals: 10.
const COIN: UsdE8 = UsdE8(alloy::primitives::U256::from_limbs([1_000_000_000, 0, 0, 0]));

/// A feed in the settings is of a token that Aave does not list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("watch.feeds: Aave lists no {token}; it lists {}", .known.join(", "))]
pub struct UnknownFeed {
    /// The symbol in the settings.
    pub token: String,
    /// Symbols that Aave lists.
    pub known: Vec<String>,
}

/// The feeds that a survey asks, by token.
#[derive(Debug, Clone, Default)]
pub struct FeedBook {
    pub(super) entries: Vec<Entry>,
    heartbeat: Option<Heartbeats>,
    /// What Aave's sources say of themselves, once they were asked.
    pub(super) sources: Option<BTreeMap<Address, Source>>,
    /// Feeds that may not share a call with anything else.
    pub(super) trust: Trust,
}

/// A feed of a token.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) token: Address,
    pub(super) symbol: String,
    pub(super) feed: Address,
    pub(super) origin: FeedOrigin,
    /// For a standard feed that Aave's price of the token is a ratio to: the token that has the feed's own price.
    pub(super) by_ratio: Option<Address>,
    /// Aave's source for the token.
    pub(super) source: Address,
}

/// What a source of Aave's oracle says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    /// The asset of its description.
    pub(super) subject: Option<String>,
    /// The feed that it multiplies by a ratio.
    pub(super) base: Option<Address>,
}

impl FeedBook {
    /// The feeds of the settings and the standard ones, as far as Aave lists their tokens.
    pub fn new(watch: &WatchConfig, list: &ReserveList) -> Result<Self, UnknownFeed> {
        let listing = |token: &str| list.listings.iter().find(|listing| listing.symbol.eq_ignore_ascii_case(token));
        let mut entries = Vec::new();
        for FeedInUse { token, feed, origin, by_ratio } in watch.feeds_in_use() {
            let Some(listed) = listing(&token) else {
                if origin == FeedOrigin::Standard {
                    continue;
                }
                let known = list.listings.iter().map(|listing| listing.symbol.clone()).collect();
                return Err(UnknownFeed { token, known });
            };
            let of_price = || StandardFeed::of(&token).and_then(|standard| standard.direct.first().copied());
            let base = if by_ratio { of_price().and_then(listing).map(|listed| listed.asset) } else { None };
            entries.push(Entry {
                token: listed.asset,
                symbol: listed.symbol.clone(),
                feed,
                origin,
                by_ratio: base,
                source: listed.source,
            });
        }
        let named = entries.iter().filter(|entry| entry.origin == FeedOrigin::Named).map(|entry| entry.feed);
        let trust = Trust::strangers(named);
        Ok(Self { entries, heartbeat: Some(watch.heartbeat), sources: None, trust })
    }

    /// Whether no feed is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Asks Aave's sources what they are, once. What cannot be read is asked again at the next head; nothing else waits for it.
    pub(in crate::loops) async fn learn<R: Reader>(&mut self, reader: &R, block: BlockRef) -> usize {
        if self.sources.is_some() || self.entries.is_empty() {
            return 0;
        }
        let mut batch = Batch::new();
        let sources: BTreeSet<Address> = self.entries.iter().map(|entry| entry.source).collect();
        let ask = |source: &Address| {
            let base = batch.add(*source, &IRatioSource::BASE_TO_USD_AGGREGATORCall {});
            (*source, base, batch.add(*source, &IRatioSource::descriptionCall {}))
        };
        let slots: Vec<_> = sources.iter().map(ask).collect();
        if let Ok(answers) = reader.read(block, &batch).await {
            let learned = slots.into_iter().map(|(source, base, description)| {
                let description = answers.find(description).map(|text| clean(&text)).unwrap_or_default();
                (source, Source { subject: subject(&description).map(|(asset, _)| asset), base: answers.find(base) })
            });
            self.sources = Some(learned.collect());
        }
        1
    }

    /// How old an answer for a token may be.
    pub(super) fn oldest(&self, price: UsdE8) -> Secs {
        let Some(Heartbeats { volatile, stable, .. }) = self.heartbeat else { return Secs(0) };
        if price < COIN { stable } else { volatile }
    }

    /// The feed that what a source of Aave's answers for a token is a ratio to.
    pub(super) fn base_of(&self, source: Address, token: &str) -> Result<Address, FeedFault> {
        let token = || token.to_owned();
        let known = self.sources.as_ref().ok_or(FeedFault::Unheard)?;
        let source = known.get(&source).ok_or_else(|| FeedFault::SourceMoved { token: token() })?;
        source.base.ok_or_else(|| FeedFault::NoRatio { token: token() })
    }

    /// Whether a feed that says it is of an asset can be of the token: by its symbol, or by what Aave's own source says.
    pub(super) fn is_of(&self, entry: &Entry, asset: &str) -> bool {
        let standard = StandardFeed::of(&entry.symbol);
        let direct = standard.filter(|standard| standard.direct.contains(&entry.symbol.as_str()));
        let standard_asset = direct.and_then(|standard| subject(standard.description)).map(|(asset, _)| asset);
        let source = self.sources.as_ref().and_then(|sources| sources.get(&entry.source));
        let known = [Some(entry.symbol.to_uppercase()), standard_asset, source.and_then(|it| it.subject.clone())];
        known.into_iter().flatten().any(|known| known == asset)
    }
}
