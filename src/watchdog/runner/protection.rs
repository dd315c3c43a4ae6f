//! What an account's trim is made from: the account's model, what the owner lets us sell and use, and in which order.

use alloy::primitives::{Address, U256};

use super::{Seat, Seen, WatchError};
use crate::{
    aave::Projection,
    config::{Urgency, WalletUse},
    journal::IntentId,
    loops::{
        AccountModel, Combination, FlashChoice, FlashNeed, FlashSource, KnownLoop, LoopSnapshot, Meanwhile, Pair,
        Protection, Scope, Sell, Settings, Target, WETH, combinations, protect, rank, what_a_human_must_do,
    },
    plan::Quantity,
    units::{Bps, Millis, Wad},
    watchdog::{
        ladder::{SaleOption, Situation, WalletOption},
        rules::{AccountTrim, PairKey, Pressure, feed_gap},
    },
};

/// Ether that stays in the wallet for gas, wei: 0.01.
const GAS_KEPT: U256 = U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]);

/// Everything that a trim of one account is made from, on one head.
#[derive(Debug)]
pub(super) struct Means {
    pub(super) model: AccountModel,
    pub(super) sell: Sell,
    pub(super) combinations: Vec<Combination>,
    pub(super) protection: Protection,
    known: Vec<KnownLoop>,
}

impl Means {
    /// The combination of two assets.
    pub(super) fn combination(&self, key: &PairKey) -> Option<&Combination> {
        let is_it = |one: &&Combination| one.pair.collateral.token == key.collateral && one.pair.debt.token == key.debt;
        self.combinations.iter().find(is_it)
    }

    /// The indices of all combinations in the order that they are tried in, with what each is to repay.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (&Combination, Option<U256>)> {
        let chosen = self.protection.sales.iter().map(|sale| (sale.combination, sale.repay));
        let others = self.protection.others.iter().map(|index| (*index, None));
        chosen.chain(others).filter_map(|(index, repay)| Some((self.combinations.get(index)?, repay)))
    }
}

impl Seat {
    /// What the account's trim is made from on this head.
    pub(super) async fn means(&self, trim: &AccountTrim, seen: &Seen) -> Result<Option<Means>, WatchError> {
        let observation = &seen.observation;
        let Some(account) = observation.near.get(&self.account) else { return Ok(None) };
        let rulebook = self.office.rulebook();
        let known = self.known_loops()?;
        let then = observation.block.timestamp.plus(crate::loops::BLOCK_TIME);
        let projection = Projection::new(observation.market.clone(), account.clone(), then);
        let model = AccountModel::new(&projection, &known, &rulebook.thresholds)?;
        let sell = match Sell::find(&rulebook.watch.sell, &observation.market) {
            Ok(sell) => sell,
            // Refused at the start; a reserve that is gone since must not keep the loops from being protected.
            Err(error) => {
                tracing::warn!(account = %self.account, %error, "the loops' collateral may be sold instead");
                Sell::Loops
            }
        };
        let combinations = combinations(&model, &sell, |collateral, debt| {
            let pair = observation.pair(collateral, debt)?;
            let snapshot = observation.snapshot(self.account, &pair)?;
            let (supply, owed) = (observation.market.reserve(collateral).ok()?, observation.market.reserve(debt).ok()?);
            let gap = if trim.by_feed { feed_gap(&observation.feeds, supply, owed).ok()? } else { Bps(0) };
            Some((pair, snapshot, gap))
        });
        let urgency = urgency(trim.pressure);
        let settings = self.protective_settings("choose", Some(urgency), Scope::Loop, None, &known, seen).await?;
        let hubs = LoopSnapshot::hubs(&seen.list);
        let protection = protect(&model, &combinations, &settings, &hubs, trim.target.0, sell.is_in_order());
        let protection = protection.unwrap_or_else(|error| {
            // What cannot be compared is tried one after the other.
            tracing::warn!(account = %self.account, %error, "costs cannot be compared");
            Protection { others: (0..combinations.len()).collect(), ..Protection::default() }
        });
        Ok(Some(Means { model, sell, combinations, protection, known }))
    }

    /// What the ladder chooses from.
    pub(super) fn situation(&self, trim: &AccountTrim, means: &Means, health_factor: Wad, seen: &Seen) -> Situation {
        let sales = means.in_order().map(|(one, repay)| sale(one, repay)).collect();
        let wallet = &self.office.rulebook().watch.use_wallet;
        Situation {
            class: means.model.class,
            pressure: trim.pressure,
            health_factor,
            target: trim.target,
            sales,
            wallet: self.wallet_options(trim, means, wallet, seen),
        }
    }

    /// What the wallet may be used for: each debt that matters, and each collateral, once.
    fn wallet_options(&self, trim: &AccountTrim, means: &Means, allowed: &WalletUse, seen: &Seen) -> Vec<WalletOption> {
        let target = Target::HealthFactor(super::trim::decimal(trim.target));
        let mut all: Vec<WalletOption> = Vec::new();
        for (collateral, debt) in pairs_of(&means.model) {
            let Some(pair) = seen.observation.pair(collateral, debt) else { continue };
            let Some(snapshot) = seen.observation.snapshot(self.account, &pair) else { continue };
            // The wallet's own money is asked for what is needed and no more; ether stays back for gas.
            let task = what_a_human_must_do(&snapshot, &pair, target).ok();
            let needed = |amount: Option<&Quantity>, has: U256| amount.map_or(has, |needed| needed.raw.min(has));
            let held = snapshot.account.holding(debt).wallet;
            let is_new_debt = !all.iter().any(|option| option.pair.debt == debt && !option.debt.raw.is_zero());
            let is_new_supply =
                !all.iter().any(|option| option.pair.collateral == collateral && !option.collateral.raw.is_zero());
            let of = |symbol: &str, amount: U256, is_new: bool| {
                if allowed.allows(symbol) && is_new { amount } else { U256::ZERO }
            };
            let (wrapped, from_ether) = wrapped_or_native(&pair, &snapshot);
            let name = if from_ether { "ETH" } else { pair.collateral.symbol.as_str() };
            let owed = needed(task.as_ref().and_then(|task| task.repay.as_ref()), held);
            let added = needed(task.as_ref().and_then(|task| task.add.as_ref()), wrapped);
            let quantity = |raw, asset: &crate::loops::Asset| Quantity::new(raw, asset.decimals, asset.symbol.clone());
            let barred = match allowed {
                WalletUse::Nothing => Some("watch.use_wallet leaves the wallet alone".to_owned()),
                WalletUse::Assets(_) if !allowed.allows(&pair.debt.symbol) && !allowed.allows(name) => {
                    Some(format!("watch.use_wallet names neither {} nor {name}", pair.debt.symbol))
                }
                _ => None,
            };
            all.push(WalletOption {
                debt: quantity(of(&pair.debt.symbol, owed, is_new_debt), &pair.debt),
                collateral: quantity(of(name, added, is_new_supply), &pair.collateral),
                pair: key(&pair),
                barred,
            });
        }
        all
    }

    /// Settings of a protective plan.
    pub(super) async fn protective_settings(
        &self,
        what: &str,
        urgency: Option<Urgency>,
        scope: Scope,
        flash: Option<FlashChoice>,
        known: &[KnownLoop],
        seen: &Seen,
    ) -> Result<Settings, WatchError> {
        let rulebook = self.office.rulebook();
        let block = seen.observation.block;
        let subject = format!("{what} {urgency:?} {flash:?} {scope:?} {} {}", block.hash, self.account);
        let thresholds = rulebook.thresholds.volatile;
        Ok(Settings {
            id: IntentId::derive(Millis(self.office.clock.wall_millis()), subject.as_bytes()).to_string(),
            network: self.office.network.clone(),
            urgency,
            bounds: rulebook.bounds,
            fees: rulebook.fees,
            slippage: None,
            thresholds,
            defaults: rulebook.thresholds,
            loops: known.to_vec(),
            scope,
            permit_ttl: rulebook.permit_ttl,
            flash,
            gas_price: self.gas_price(&seen.observation).await?,
        })
    }
}

impl Means {
    /// The journal's loops.
    pub(super) fn known(&self) -> &[KnownLoop] {
        &self.known
    }
}

/// Each collateral that matters with each debt that matters.
fn pairs_of(model: &AccountModel) -> Vec<(Address, Address)> {
    let debts: Vec<Address> = model.owed().map(|debt| debt.asset).collect();
    model.collaterals().flat_map(|supply| debts.iter().map(move |debt| (supply.asset, *debt))).collect()
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
        swapped_in: &std::collections::BTreeSet::new(),
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
        repay,
        flash_sources: kinds,
        free_collateral: Quantity::new(free, pair.collateral.decimals, pair.collateral.symbol.clone()),
    }
}

/// A pair as the rules name it.
pub(super) fn key(pair: &Pair) -> PairKey {
    PairKey { collateral: pair.collateral.token, debt: pair.debt.token, name: pair.name() }
}

/// Collateral of the wallet: the token, or ether less what gas needs where there is none of the token; and whether it is
/// ether.
fn wrapped_or_native(pair: &Pair, snapshot: &LoopSnapshot) -> (U256, bool) {
    let held = snapshot.account.holding(pair.collateral.token).wallet;
    if pair.collateral.token != WETH || !held.is_zero() {
        return (held, false);
    }
    (snapshot.account.native.saturating_sub(GAS_KEPT), true)
}

/// The kind of a source.
pub(super) const fn choice(source: &FlashSource) -> FlashChoice {
    match source {
        FlashSource::MorphoBlue => FlashChoice::Morpho,
        FlashSource::AaveV3 => FlashChoice::Aave,
        FlashSource::UniswapV3(_) => FlashChoice::Uniswap,
    }
}

/// The bounds of a pressure.
pub(super) const fn urgency(pressure: Pressure) -> Urgency {
    match pressure {
        Pressure::Trim => Urgency::Trim,
        Pressure::Urgent => Urgency::Urgent,
        Pressure::LastResort => Urgency::LastResort,
    }
}
