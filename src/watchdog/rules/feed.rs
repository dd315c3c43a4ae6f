//! How far the rules go by the feeds behind Aave's oracle: they can bring a trim forward, and never hold one back.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use super::{AccountFacts, Levels, levels::mean_threshold};
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
/// rises does not make up for one that falls: those that lower the health factor count, alone and together. Where no sale could
/// help at those together, the lowest at which one could is what the account is judged by: all feeds at once, or one alone.
pub(super) fn worst_by_feed(
    market: &Market,
    account: &AccountState,
    feeds: &BTreeMap<Address, UsdE8>,
) -> Result<Option<Wad>, StateError> {
    Ok(by_feed(market, account, feeds)?.map(|(worst, _)| worst))
}

/// The feeds' prices that lower the account's health factor to the one that it is judged by.
pub fn falling_feeds(
    market: &Market,
    account: &AccountState,
    feeds: &BTreeMap<Address, UsdE8>,
) -> Result<BTreeMap<Address, UsdE8>, StateError> {
    Ok(by_feed(market, account, feeds)?.map(|(_, falling)| falling).unwrap_or_default())
}

type Prices = BTreeMap<Address, UsdE8>;

fn by_feed(market: &Market, account: &AccountState, feeds: &Prices) -> Result<Option<(Wad, Prices)>, StateError> {
    let mut groups: BTreeMap<&str, Prices> = BTreeMap::new();
    let held = |reserve: &&Reserve| {
        account.configuration.is_collateral(reserve.id) || account.configuration.is_borrowing(reserve.id)
    };
    for reserve in market.reserves.iter().filter(held) {
        if let Some(price) = feeds.get(&reserve.asset) {
            let group = StandardFeed::of(&reserve.symbol).map_or(reserve.symbol.as_str(), |feed| feed.description);
            groups.entry(group).or_default().insert(reserve.asset, *price);
        }
    }
    let data = account.at(market, market.block.timestamp)?;
    let (mut falling, mut together) = (Prices::new(), Prices::new());
    let (mut lowering, mut least) = (Vec::new(), None::<Wad>);
    for prices in groups.into_values() {
        let alone = health_factor_at(market, account, &prices)?;
        least = Some(least.map_or(alone, |least| least.min(alone)));
        together.extend(prices.clone());
        if alone < data.health_factor {
            falling.extend(prices.clone());
            lowering.push((alone, prices));
        }
    }
    if falling.is_empty() {
        return Ok(least.map(|least| (least, falling)));
    }
    for prices in [falling, together] {
        lowering.push((health_factor_at(market, account, &prices)?, prices));
    }
    lowering.retain(|(health_factor, _)| *health_factor < data.health_factor);
    let insolvent = mean_threshold(data.health_factor, data.debt, data.collateral);
    Ok(lowering.into_iter().min_by_key(|(health_factor, _)| (*health_factor <= insolvent, *health_factor)))
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
