//! From a snapshot to the facts about an account's health and its loops.

use std::{collections::BTreeMap, time::Duration};

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::{
    AccountFacts, HoldingFacts, LoopFacts, OracleFacts, PairKey,
    feed::{health_factor_at, worst_by_feed},
    forward::ForwardPrices,
};
use crate::{
    aave::{AccountState, Market, Projection, Reserve, StateError},
    config::{BoundsConfig, Heartbeats, LoopClass, Thresholds, ThresholdsConfig, WatchConfig},
    dex::{Pools, deviation_bps},
    loops::{AccountModel, KnownLoop, LoopPart, MovingPrice, carry_per_day},
    plan::Quantity,
    units::{Bps, MathError, UsdE8, from_decimal, mul_div_down, mul_div_up},
};

/// What one account's facts are read from: a snapshot, the journal's loops, the settings.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Aave.
    pub market: &'a Market,
    /// The account.
    pub account: &'a AccountState,
    /// The pools of its pairs, as far as they were read.
    pub pools: &'a Pools,
    /// Prices of the feeds behind Aave's oracle, by token, where they are readable.
    pub feeds: &'a BTreeMap<Address, UsdE8>,
    /// Loops of the journal, with their thresholds.
    pub known: &'a [KnownLoop],
    /// Thresholds by class.
    pub thresholds: &'a ThresholdsConfig,
    /// Where the last resort begins.
    pub bounds: &'a BoundsConfig,
    /// Heartbeats.
    pub watch: &'a WatchConfig,
}

impl AccountFacts {
    /// The account at the market's block. Perps, free USDC and nonces are for the caller to fill in.
    pub fn read(sources: &Sources<'_>, head_age: Duration) -> Result<Self, StateError> {
        let Sources { market, account, .. } = *sources;
        let now = Projection::new(market.clone(), account.clone(), market.block.timestamp);
        let model = AccountModel::new(&now, sources.known, sources.thresholds)?;
        let collaterals: Vec<&Reserve> =
            model.collaterals().map(|supply| market.reserve(supply.asset)).collect::<Result<_, _>>()?;
        let debts: Vec<&Reserve> = model.owed().map(|debt| market.reserve(debt.asset)).collect::<Result<_, _>>()?;
        let (mut in_pools, mut stressed) = (ForwardPrices::default(), ForwardPrices::default());
        for collateral in &collaterals {
            for debt in debts.iter().filter(|debt| debt.asset != collateral.asset) {
                let moving = MovingPrice::of(collateral, debt);
                stressed.add(&moving, moving.after_loss(market, model.thresholds.stress)?);
                let other = if moving.asset == collateral.asset { debt } else { collateral };
                if let Some(price) = pool_price(sources, market.reserve(moving.asset)?, other)? {
                    in_pools.add(&moving, price);
                }
            }
        }
        let at = |prices: &BTreeMap<Address, UsdE8>| health_factor_at(market, account, prices);
        let owing = model.loops.iter().filter(|part| part.debt_value >= model.dust_below());
        let loops = owing.map(|part| sources.loop_facts(&now, part, &model.thresholds)).collect::<Result<_, _>>()?;
        let owes = !debts.is_empty();
        Ok(Self {
            account: account.address,
            block: market.block,
            head_age,
            health_factor: model.data.health_factor,
            at_pool: in_pools.worst(at)?,
            at_feed: worst_by_feed(market, account, sources.feeds)?,
            at_stress: stressed.worst(at)?,
            name: model.name(),
            class: model.class,
            thresholds: model.thresholds,
            last_resort: (model.class == LoopClass::Volatile).then_some(sources.bounds.last_resort.health_factor),
            collateral_value: model.data.collateral,
            debt_value: if owes { model.data.debt } else { UsdE8(U256::ZERO) },
            holdings: holdings(market, &model)?,
            oracles: collaterals
                .iter()
                .map(|reserve| (*reserve, true))
                .chain(debts.iter().map(|reserve| (*reserve, false)))
                .filter_map(|(reserve, is_collateral)| sources.oracle(model.class, is_collateral, reserve))
                .collect(),
            loops,
            perps: Vec::new(),
            free_usdc: Decimal::ZERO,
            nonce: None,
            gas: None,
        })
    }
}

/// Supplies and debts that matter, by asset.
fn holdings(market: &Market, model: &AccountModel) -> Result<Vec<HoldingFacts>, StateError> {
    let mut held: BTreeMap<Address, (U256, U256)> = BTreeMap::new();
    for supply in model.supplies.iter().filter(|supply| !supply.is_dust) {
        held.entry(supply.asset).or_default().0 = supply.amount;
    }
    for debt in model.owed() {
        held.entry(debt.asset).or_default().1 = debt.amount;
    }
    let facts = |(asset, (supplied, owed))| {
        let reserve = market.reserve(asset)?;
        let (supplied, owed) = (tokens(reserve, supplied), tokens(reserve, owed));
        Ok(HoldingFacts { symbol: reserve.symbol.clone(), supplied, owed })
    };
    held.into_iter().map(facts).collect()
}

fn tokens(reserve: &Reserve, amount: U256) -> Quantity {
    Quantity::new(amount, reserve.configuration.decimals(), reserve.symbol.clone())
}

impl Sources<'_> {
    fn loop_facts(&self, now: &Projection, part: &LoopPart, thresholds: &Thresholds) -> Result<LoopFacts, StateError> {
        let position = &part.known.position;
        let (collateral, debt) = (self.market.reserve(position.collateral)?, self.market.reserve(position.debt)?);
        let pool = pool_price(self, collateral, debt)?;
        let moving = MovingPrice::of(collateral, debt);
        // For people: what cannot be computed or written is left out, for it must not keep the rules from the rest.
        let at = |level: Decimal| {
            let price = moving.at_health_factor(now, from_decimal(level, 18)?).ok()??;
            Quantity::to_decimal(&price)
        };
        let carry = carry_per_day((collateral, part.collateral_value), (debt, part.debt_value))?;
        Ok(LoopFacts {
            pair: PairKey { collateral: collateral.asset, debt: debt.asset, name: part.name.clone() },
            class: part.class,
            thresholds: part.thresholds,
            collateral: tokens(collateral, part.collateral),
            debt: tokens(debt, part.debt),
            collateral_value: part.collateral_value,
            debt_value: part.debt_value,
            price: Quantity::to_decimal(&moving.now(self.market)?).ok_or(MathError::Overflow)?,
            trim_price: at(thresholds.trigger),
            liquidation_price: at(Decimal::ONE),
            moving,
            pool_deviation_bps: pool.map(|pool| apart_bps(collateral.price()?, pool)).transpose()?,
            borrow_rate: debt.variable_borrow_rate.to_decimal().ok_or(MathError::Overflow)?,
            net_carry_per_day: Quantity::to_decimal(&carry).ok_or(MathError::Overflow)?,
        })
    }

    fn oracle(&self, class: LoopClass, is_collateral: bool, reserve: &Reserve) -> Option<OracleFacts> {
        let price = reserve.price?;
        let Heartbeats { volatile, stable, correlated } = self.watch.heartbeat;
        let is_rate = class == LoopClass::Correlated && is_collateral;
        let heartbeat = match reserve.is_currency_coin() {
            _ if is_rate => correlated,
            true => stable,
            false => volatile,
        };
        let age = price.age(self.market.block.timestamp);
        Some(OracleFacts { symbol: reserve.symbol.clone(), source: price.source, age, heartbeat })
    }
}

/// What a token is worth in the deepest direct pool, when the other is worth what the oracle says; to a basis point.
fn pool_price(sources: &Sources<'_>, token: &Reserve, other: &Reserve) -> Result<Option<UsdE8>, StateError> {
    let Some(pool) = sources.pools.deepest_between(token.asset, other.asset) else { return Ok(None) };
    let is_zero = pool.id().token0() == token.asset;
    let (zero, one) = if is_zero { (token, other) } else { (other, token) };
    let decimals = |reserve: &Reserve| reserve.configuration.decimals();
    let apart = deviation_bps(pool.spot_price(), zero.price()?, decimals(zero), one.price()?, decimals(one))?;
    let whole = i64::from(Bps::ONE.0);
    let scaled = u64::try_from(whole.saturating_add(apart).max(0)).unwrap_or_default();
    let (scaled, whole) = (U256::from(scaled), U256::from(Bps::ONE.0));
    let price = token.price()?.0;
    let price = if is_zero { mul_div_down(price, scaled, whole)? } else { mul_div_down(price, whole, scaled)? };
    Ok(Some(UsdE8(price)))
}

fn known(prices: &BTreeMap<Address, UsdE8>, asset: Address, otherwise: UsdE8) -> UsdE8 {
    prices.get(&asset).copied().unwrap_or(otherwise)
}

/// By how much the collateral stands lower against the debt at the feeds than at the oracle, rounded up.
pub fn feed_gap(feeds: &BTreeMap<Address, UsdE8>, collateral: &Reserve, debt: &Reserve) -> Result<Bps, StateError> {
    let fed = |reserve: &Reserve| Ok::<_, StateError>(known(feeds, reserve.asset, reserve.price()?).0);
    let whole = U256::from(Bps::ONE.0);
    // Collateral in units of debt, feed against oracle.
    let kept = mul_div_down(whole, fed(collateral)?, collateral.price()?.0)?;
    let kept = mul_div_down(kept, debt.price()?.0, fed(debt)?)?;
    Ok(Bps(whole.saturating_sub(kept).saturating_to()))
}

/// From one price to another in basis points of the first, rounded away from zero.
fn apart_bps(from: UsdE8, to: UsdE8) -> Result<i64, StateError> {
    let size = mul_div_up(from.0.abs_diff(to.0), U256::from(Bps::ONE.0), from.0)?;
    let size = i64::try_from(size).map_err(|_| MathError::Overflow)?;
    Ok(if to < from { -size } else { size })
}
