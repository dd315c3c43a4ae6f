//! How far the rules go by the feeds behind Aave's oracle: they can bring a trim forward, and never hold one back.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use super::{AccountFacts, Levels};
use crate::{
    aave::{AccountState, Market, Reserve, StateError},
    config::StandardFeed,
    units::{UsdE8, Wad},
};

/// The health factor that an account is judged by: Aave's, or the lower one at the feeds. A feed at which no sale could help is
/// not believed, or it would hold back the trim that Aave's own price calls for.
pub(super) fn judged(facts: &AccountFacts, levels: &Levels, act_on_feed: bool) -> Wad {
    believed(facts, levels).filter(|_| act_on_feed).map_or(facts.health_factor, |feed| feed.min(facts.health_factor))
}

/// The health factor at the feeds, unless it is one at which no sale could help.
pub(super) fn believed(facts: &AccountFacts, levels: &Levels) -> Option<Wad> {
    facts.at_feed.filter(|feed| *feed > levels.insolvent)
}

/// The lowest health factor that the feeds' prices lead to; `None` when the account has nothing that they price.
///
/// Assets that follow the same standard feed move together. All others are answered for by Aave one by one, so a price that
/// rises does not make up for one that falls: those that lower the health factor count, alone and together.
pub(super) fn worst_by_feed(
    market: &Market,
    account: &AccountState,
    feeds: &BTreeMap<Address, UsdE8>,
) -> Result<Option<Wad>, StateError> {
    Ok(by_feed(market, account, feeds)?.map(|(worst, _)| worst))
}

/// The feeds' prices that lower the account's health factor, each asset with those that move with it.
pub fn falling_feeds(
    market: &Market,
    account: &AccountState,
    feeds: &BTreeMap<Address, UsdE8>,
) -> Result<BTreeMap<Address, UsdE8>, StateError> {
    Ok(by_feed(market, account, feeds)?.map(|(_, falling)| falling).unwrap_or_default())
}

type WorstAt = (Wad, BTreeMap<Address, UsdE8>);

fn by_feed(
    market: &Market,
    account: &AccountState,
    feeds: &BTreeMap<Address, UsdE8>,
) -> Result<Option<WorstAt>, StateError> {
    let mut groups: BTreeMap<&str, BTreeMap<Address, UsdE8>> = BTreeMap::new();
    let held = |reserve: &&Reserve| {
        account.configuration.is_collateral(reserve.id) || account.configuration.is_borrowing(reserve.id)
    };
    for reserve in market.reserves.iter().filter(held) {
        if let Some(price) = feeds.get(&reserve.asset) {
            let group = StandardFeed::of(&reserve.symbol).map_or(reserve.symbol.as_str(), |feed| feed.description);
            groups.entry(group).or_default().insert(reserve.asset, *price);
        }
    }
    if groups.is_empty() {
        return Ok(None);
    }
    let now = account.at(market, market.block.timestamp)?.health_factor;
    let mut worst: Option<Wad> = None;
    let mut lowest = |found: Wad| worst = Some(worst.map_or(found, |known| known.min(found)));
    let mut falling = BTreeMap::new();
    for prices in groups.into_values() {
        let alone = health_factor_at(market, account, &prices)?;
        lowest(alone);
        if alone < now {
            falling.extend(prices);
        }
    }
    if !falling.is_empty() {
        lowest(health_factor_at(market, account, &falling)?);
    }
    Ok(worst.map(|worst| (worst, falling)))
}

/// The health factor with some prices replaced.
pub(super) fn health_factor_at(
    market: &Market,
    account: &AccountState,
    prices: &BTreeMap<Address, UsdE8>,
) -> Result<Wad, StateError> {
    let mut market = market.clone();
    for reserve in &mut market.reserves {
        if let (Some(price), Some(value)) = (&mut reserve.price, prices.get(&reserve.asset)) {
            price.value = *value;
        }
    }
    Ok(account.at(&market, market.block.timestamp)?.health_factor)
}
