//! From what was heard of the feeds to prices, and to what became of each feed.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use super::{
    FeedFault, FeedReading, FeedStanding, FeedVerdict, Reference,
    answer::FeedAnswer,
    book::{Entry, FeedBook},
    judge::judge,
    query::Hearing,
    trust::Heard,
};
use crate::{
    aave::{Market, Price},
    units::{MathError, Secs, UsdE8, mul_div_down},
};

/// The currency that Aave counts in.
const CURRENCY: &str = "USD";

/// Aave's prices by token, as far as there are any.
pub(super) type AavePrices = BTreeMap<Address, Price>;

/// A plausible price of a feed: what the feed says itself, and what the token is worth by it.
struct Plausible {
    said: FeedAnswer,
    price: UsdE8,
    standing: FeedStanding,
}

/// What a ratio moves by: the feed, what it says, and where it stands against Aave's price of its own token.
type Base = (Address, FeedAnswer, FeedStanding);

impl FeedBook {
    /// The price of each token that a feed shows before Aave's oracle, and what became of each feed. Of several feeds of a
    /// token the first that is ahead counts.
    pub(in crate::loops) fn read(
        &self,
        hearing: &Hearing,
        market: &Market,
    ) -> (BTreeMap<Address, UsdE8>, Vec<FeedReading>) {
        let aave = market.reserves.iter().filter_map(|reserve| Some((reserve.asset, reserve.price?))).collect();
        self.held_against(hearing, &aave, market.block.timestamp)
    }

    /// The same by Aave's prices alone.
    pub(super) fn held_against(
        &self,
        hearing: &Hearing,
        aave: &AavePrices,
        now: Secs,
    ) -> (BTreeMap<Address, UsdE8>, Vec<FeedReading>) {
        let (mut prices, mut readings) = (BTreeMap::new(), Vec::new());
        // What a ratio moves by: for the token that has the feed's own price, the first answer that is ahead of Aave's, or the
        // first plausible one.
        let mut bases: BTreeMap<Address, Result<Base, FeedFault>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.by_ratio.is_none()) {
            let heard = match hearing.of(entry.feed) {
                Heard::Answer(said) => self.direct(entry, said, aave, now),
                other => Err(not_heard(other)),
            };
            let base = match &heard {
                Ok(Plausible { said, standing, .. }) => Ok((entry.feed, said.clone(), *standing)),
                Err(fault) => Err(fault.clone()),
            };
            match bases.get(&entry.token) {
                Some(Ok((.., FeedStanding::Ahead))) => {}
                Some(Ok(_)) if !matches!(base, Ok((.., FeedStanding::Ahead))) => {}
                _ => {
                    bases.insert(entry.token, base);
                }
            }
            readings.push(reading(entry, entry.feed, hearing, aave, heard, &mut prices));
        }
        for entry in self.entries.iter().filter(|entry| entry.by_ratio.is_some()) {
            let (feed, heard) = match entry.by_ratio.and_then(|token| bases.get(&token)) {
                Some(Ok((feed, said, _))) => (*feed, self.by_ratio(entry, said, hearing, aave, now)),
                Some(Err(fault)) => (entry.feed, Err(fault.clone())),
                None => (entry.feed, Err(FeedFault::Unheard)),
            };
            readings.push(reading(entry, feed, hearing, aave, heard, &mut prices));
        }
        (prices, readings)
    }

    /// A feed of the token itself.
    fn direct(&self, entry: &Entry, said: &FeedAnswer, aave: &AavePrices, now: Secs) -> Result<Plausible, FeedFault> {
        if let Some((asset, currency)) = said.subject() {
            let description = said.description.clone();
            if currency != CURRENCY {
                return Err(FeedFault::Currency { description });
            }
            if !self.is_of(entry, &asset) {
                return Err(FeedFault::Asset { description, token: entry.symbol.clone() });
            }
        }
        let price = aave.get(&entry.token).ok_or_else(|| no_reference(entry))?;
        let reference = Reference { price: price.value, updated_at: price.updated_at };
        let (price, standing) = judge(said, reference, now, self.oldest(price.value))?;
        Ok(Plausible { said: said.clone(), price, standing })
    }

    /// A feed of the asset that Aave's price of the token is a ratio to: the token moves as far as the feed is from what that
    /// asset's feed at Aave says. Where Aave's ratio is one to the feed itself, it moves not at all.
    fn by_ratio(
        &self,
        entry: &Entry,
        said: &FeedAnswer,
        hearing: &Hearing,
        aave: &AavePrices,
        now: Secs,
    ) -> Result<Plausible, FeedFault> {
        let Price { value, source, .. } = *aave.get(&entry.token).ok_or_else(|| no_reference(entry))?;
        let at = self.base_of(source, &entry.symbol)?;
        let base = match hearing.of(at) {
            Heard::Answer(base) => base,
            Heard::Unheard => return Err(FeedFault::Unheard),
            _ => return Err(FeedFault::Base { token: entry.symbol.clone(), base: at }),
        };
        let stands = base.price().ok_or_else(|| no_reference(entry))?;
        let updated_at = Some(base.updated_at).filter(|at| *at != Secs(0));
        let reference = Reference { price: stands, updated_at };
        let (price, standing) = judge(said, reference, now, self.oldest(stands))?;
        let worth = mul_div_down(value.0, price.0, stands.0).map_err(|_: MathError| FeedFault::Factor)?;
        Ok(Plausible { said: said.clone(), price: UsdE8(worth), standing })
    }
}

fn no_reference(entry: &Entry) -> FeedFault {
    FeedFault::NoReference { token: entry.symbol.clone() }
}

const fn not_heard(heard: &Heard) -> FeedFault {
    match heard {
        Heard::Reverts => FeedFault::Reverts,
        Heard::Harmful => FeedFault::Harmful,
        Heard::Unheard => FeedFault::Unheard,
        Heard::Silent | Heard::Answer(_) => FeedFault::Silent,
    }
}

/// What became of a feed; a plausible price that is ahead of Aave's is taken, unless the token has one already.
fn reading(
    entry: &Entry,
    feed: Address,
    hearing: &Hearing,
    aave: &AavePrices,
    heard: Result<Plausible, FeedFault>,
    prices: &mut BTreeMap<Address, UsdE8>,
) -> FeedReading {
    let oracle = aave.get(&entry.token).map(|price| price.value);
    let said = match hearing.of(feed) {
        Heard::Answer(said) => Some(said),
        _ => None,
    };
    let description = said.map(|said| said.description.clone()).unwrap_or_default();
    let (answer, verdict) = match heard {
        Ok(Plausible { price, standing, .. }) => {
            let is_used = standing == FeedStanding::Ahead && !prices.contains_key(&entry.token);
            if is_used {
                prices.insert(entry.token, price);
            }
            (Some(price), if is_used { FeedVerdict::Used } else { FeedVerdict::Idle { standing } })
        }
        Err(fault) => {
            (said.filter(|_| entry.by_ratio.is_none()).and_then(FeedAnswer::price), FeedVerdict::Dropped { fault })
        }
    };
    FeedReading {
        token: entry.token,
        symbol: entry.symbol.clone(),
        feed,
        origin: entry.origin,
        description,
        by_ratio: entry.by_ratio.is_some(),
        answer,
        oracle,
        verdict,
    }
}
