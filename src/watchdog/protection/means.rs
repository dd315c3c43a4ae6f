//! What an account's trim is made from: the account's model, what the owner lets us sell and use, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, U256};

use super::{
    Basis,
    terms::{choice, key, urgency},
};
use crate::{
    aave::{Projection, StateError},
    config::Urgency,
    loops::{
        AccountModel, Ahead, Combination, FlashChoice, FlashNeed, FlashSource, KnownLoop, Meanwhile, Protection, Scope,
        Sell, Settings, combinations, protect, rank,
    },
    plan::Quantity,
    units::{Bps, Wad},
    watchdog::{
        ladder::{SaleOption, Situation},
        rules::{AccountTrim, PairKey, falling_feeds, feed_gap},
    },
};

/// Everything that a trim of one account is made from, on one head.
#[derive(Debug)]
pub struct Means<'a> {
    /// What it was read from.
    pub basis: Basis<'a>,
    /// The account when a transaction sent now is expected.
    pub model: AccountModel,
    /// What may be sold.
    pub sell: Sell,
    /// Every collateral that may be sold, with every debt that matters.
    pub combinations: Vec<Combination>,
    /// Which of them are chosen.
    pub protection: Protection,
}

impl<'a> Means<'a> {
    /// What the account's trim is made from; `None` where the account was not read at this head. What was sold in an earlier part
    /// of the same trim comes last: divided anew among the same pairs at every head, a trim would never come to its end.
    pub fn choose(basis: Basis<'a>, trim: &AccountTrim, sold: &[PairKey]) -> Result<Option<Self>, StateError> {
        let observation = basis.observation;
        let Some(account) = observation.near.get(&basis.account) else { return Ok(None) };
        let then = observation.block.next_timestamp();
        let projection = Projection::new(observation.market.clone(), account.clone(), then);
        let model = AccountModel::new(&projection, &basis.known, &basis.thresholds)?;
        let sell = match Sell::find(&basis.watch.sell, &observation.market) {
            Ok(sell) => sell,
            // Refused at the start; a reserve that is gone since must not keep the loops from being protected.
            Err(error) => {
                tracing::warn!(account = %basis.account, %error, "the loops' collateral may be sold instead");
                Sell::Loops
            }
        };
        // Before the oracle shows the crossing the feeds are what the trim is judged by.
        let is_judged_by_feeds = trim.by_feed && trim.ahead;
        let judged_at = match is_judged_by_feeds {
            true => falling_feeds(&observation.market, account, &observation.feeds)?,
            false => BTreeMap::new(),
        };
        let all = combinations(&model, &sell, |collateral, debt| {
            let pair = observation.pair(collateral, debt)?;
            let snapshot = observation.snapshot(basis.account, &pair)?;
            let (supply, owed) = (observation.market.reserve(collateral).ok()?, observation.market.reserve(debt).ok()?);
            let gap = if trim.by_feed { feed_gap(&observation.feeds, supply, owed).ok()? } else { Bps(0) };
            Some((pair, snapshot, Ahead { gap, judged_at: judged_at.clone() }))
        });
        let (earlier, mut combinations) = without_sold(all, sold, sell.is_in_order());
        let settings = basis.settings("choose", Some(urgency(trim.pressure)), Scope::Loop, None);
        let choose = |combinations: &[Combination]| {
            protect(&model, combinations, &settings, &basis.hubs, trim.target.0, sell.is_in_order())
        };
        let mut protection = choose(&combinations);
        let is_enough = protection.as_ref().is_ok_and(|protection| protection.reaches);
        let count = combinations.len();
        combinations.extend(earlier);
        match &mut protection {
            Ok(protection) if is_enough => protection.others.extend(count..combinations.len()),
            // What is left cannot do it alone.
            _ => protection = choose(&combinations),
        }
        let protection = protection.unwrap_or_else(|error| {
            // What cannot be compared is tried one after the other.
            tracing::warn!(account = %basis.account, %error, "costs cannot be compared");
            Protection { others: (0..combinations.len()).collect(), ..Protection::default() }
        });
        Ok(Some(Self { basis, model, sell, combinations, protection }))
    }

    /// The journal's loops.
    #[must_use]
    pub fn known(&self) -> &[KnownLoop] {
        &self.basis.known
    }

    /// The combination of two assets.
    #[must_use]
    pub fn combination(&self, key: &PairKey) -> Option<&Combination> {
        let is_it = |one: &&Combination| one.pair.collateral.token == key.collateral && one.pair.debt.token == key.debt;
        self.combinations.iter().find(is_it)
    }

    /// All combinations in the order that they are tried in, with what each is to repay.
    pub fn in_order(&self) -> impl Iterator<Item = (&Combination, Option<U256>)> {
        let chosen = self.protection.sales.iter().map(|sale| (sale.combination, sale.repay));
        let others = self.protection.others.iter().map(|index| (*index, None));
        chosen.chain(others).filter_map(|(index, repay)| Some((self.combinations.get(index)?, repay)))
    }

    /// What the ladder chooses from.
    #[must_use]
    pub fn situation(&self, trim: &AccountTrim, health_factor: Wad) -> Situation {
        Situation {
            class: self.model.class,
            pressure: trim.pressure,
            health_factor,
            target: trim.target,
            sales: self.in_order().map(|(one, repay)| sale(one, repay)).collect(),
            wallet: self.wallet_options(trim),
        }
    }

    /// Settings of a plan about the account.
    pub(super) fn settings(
        &self,
        what: &str,
        urgency: Urgency,
        sell_at_most: U256,
        flash: Option<FlashChoice>,
    ) -> Settings {
        self.basis.settings(what, Some(urgency), Scope::Account { sell_at_most }, flash)
    }
}

/// The pairs that were sold, and the others. Where the order is the owner's, his first collateral stays in front of the next one:
/// then a pair only gives way to one of the same collateral.
fn without_sold(all: Vec<Combination>, sold: &[PairKey], in_order: bool) -> (Vec<Combination>, Vec<Combination>) {
    let is_sold = |one: &Combination| sold.contains(&key(&one.pair));
    let has_others: BTreeSet<Address> =
        all.iter().filter(|one| !is_sold(one)).map(|one| one.pair.collateral.token).collect();
    all.into_iter().partition(|one| is_sold(one) && (!in_order || has_others.contains(&one.pair.collateral.token)))
}

fn sale(one: &Combination, repay: Option<U256>) -> SaleOption {
    let Combination { pair, snapshot, .. } = one;
    let owed = snapshot
        .market
        .reserve(pair.debt.token)
        .and_then(|debt| snapshot.account.owed(debt, snapshot.block.timestamp))
        .unwrap_or_default();
    // A twentieth of the debt is enough to tell which sources can be asked at all; each plan ranks them for its own amount.
    let need = FlashNeed {
        amount: owed / U256::from(20u64),
        meanwhile: Meanwhile::Repays,
        choice: None,
        swapped_in: &BTreeSet::new(),
    };
    let mut kinds: Vec<FlashSource> = Vec::new();
    for candidate in rank(snapshot, pair, need).unwrap_or_default() {
        // A plan asks for a kind of source, so one of each kind is one rung.
        if candidate.rejected.is_none() && !kinds.iter().any(|kind| choice(kind) == choice(&candidate.source)) {
            kinds.push(candidate.source);
        }
    }
    let free =
        snapshot.market.reserve(pair.collateral.token).map(|reserve| reserve.virtual_balance).unwrap_or_default();
    SaleOption {
        pair: key(pair),
        repay: repay.map(|raw| Quantity::new(raw, pair.debt.decimals, pair.debt.symbol.clone())),
        flash_sources: kinds,
        free_collateral: Quantity::new(free, pair.collateral.decimals, pair.collateral.symbol.clone()),
    }
}
