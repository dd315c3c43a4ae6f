//! From a snapshot to the loops' part of the facts.

use std::{collections::BTreeMap, time::Duration};

use alloy::primitives::{Address, U256};
use rust_decimal::Decimal;

use super::{AccountFacts, LoopFacts, OracleFacts, PairKey};
use crate::{
    aave::{AccountState, Market, Projection, Reserve, StateError},
    config::{BoundsConfig, Heartbeats, LoopClass, Thresholds, ThresholdsConfig, WatchConfig},
    dex::{Pools, deviation_bps},
    loops::{KnownLoop, class_of, net_carry_per_day},
    plan::Quantity,
    units::{Bps, MathError, UsdE8, Wad, from_decimal, mul_div_down, mul_div_up},
};

/// Dearer than this a token is no coin of a currency, USD.
const COIN: Decimal = Decimal::TEN;

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
    /// Thresholds of all other loops.
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
        let used = |is_used: &dyn Fn(u16) -> bool| market.reserves.iter().filter(|held| is_used(held.id)).collect();
        let collaterals: Vec<&Reserve> = used(&|id| account.configuration.is_collateral(id));
        let debts: Vec<&Reserve> = used(&|id| account.configuration.is_borrowing(id));
        let (mut loops, mut in_pools, mut stressed) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        for collateral in &collaterals {
            for debt in &debts {
                let pool = pool_price(sources, collateral, debt)?;
                let held = sources.loop_facts(&now, collateral, debt, pool)?;
                stress(&mut stressed, collateral, &held.thresholds)?;
                // Of several debts, the pool in which the collateral is cheapest.
                in_pools
                    .extend(pool.map(|pool| (collateral.asset, pool.min(known(&in_pools, collateral.asset, pool)))));
                loops.push(held);
            }
        }
        let forward = |prices: &BTreeMap<Address, UsdE8>| {
            let touches = collaterals.iter().chain(&debts).any(|reserve| prices.contains_key(&reserve.asset));
            touches.then(|| health_factor_at(market, account, prices)).transpose()
        };
        Ok(Self {
            account: account.address,
            block: market.block,
            head_age,
            health_factor: now.account_data()?.health_factor,
            at_pool: forward(&in_pools)?,
            at_feed: forward(sources.feeds)?,
            at_stress: forward(&stressed)?,
            loops,
            perps: Vec::new(),
            free_usdc: Decimal::ZERO,
            nonce: None,
            gas: None,
        })
    }
}

impl Sources<'_> {
    fn loop_facts(
        &self,
        now: &Projection,
        collateral: &Reserve,
        debt: &Reserve,
        pool: Option<UsdE8>,
    ) -> Result<LoopFacts, StateError> {
        let market = self.market;
        let category = market.category(self.account.emode)?;
        let own = category.filter(|category| category.is_collateral(collateral.id));
        let class = class_of(own.map(|category| category.liquidation_threshold));
        let is_it =
            |known: &&KnownLoop| known.position.collateral == collateral.asset && known.position.debt == debt.asset;
        let thresholds =
            self.known.iter().find(is_it).map_or_else(|| self.thresholds.of(class), |known| known.thresholds);
        let last_resort = (class == LoopClass::Volatile).then_some(self.bounds.last_resort.health_factor);
        let (supplied, owed) = (now.supplied(collateral.asset)?, now.owed(debt.asset)?);
        let carry = net_carry_per_day(now, collateral.asset, debt.asset)?;
        Ok(LoopFacts {
            pair: PairKey {
                collateral: collateral.asset,
                debt: debt.asset,
                name: format!("{}/{}", collateral.symbol, debt.symbol),
            },
            class,
            thresholds,
            last_resort,
            collateral: supplied,
            debt: owed,
            collateral_value: collateral.collateral_value(supplied)?,
            debt_value: debt.debt_value(owed)?,
            liquidation_threshold: market.liquidation_threshold_in(collateral, category),
            price: price(class, collateral, debt)?,
            feed_gap: feed_gap(self.feeds, collateral, debt)?,
            pool_deviation_bps: pool.map(|pool| apart_bps(collateral.price()?, pool)).transpose()?,
            oracles: [collateral, debt]
                .into_iter()
                .filter_map(|reserve| self.oracle(class, collateral, reserve))
                .collect(),
            borrow_rate: debt.variable_borrow_rate.to_decimal().ok_or(MathError::Overflow)?,
            net_carry_per_day: Quantity::to_decimal(&carry).ok_or(MathError::Overflow)?,
        })
    }

    fn oracle(&self, class: LoopClass, collateral: &Reserve, reserve: &Reserve) -> Option<OracleFacts> {
        let price = reserve.price?;
        let Heartbeats { volatile, stable, correlated } = self.watch.heartbeat;
        let is_rate = class == LoopClass::Correlated && reserve.id == collateral.id;
        let heartbeat = match price.value.to_decimal() {
            _ if is_rate => correlated,
            Some(value) if value < COIN => stable,
            _ => volatile,
        };
        let age = price.age(self.market.block.timestamp);
        Some(OracleFacts { symbol: reserve.symbol.clone(), source: price.source, age, heartbeat })
    }
}

/// The health factor with some prices replaced.
fn health_factor_at(
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

/// What the collateral is worth in the deepest direct pool, when the debt is worth what the oracle says; to a basis point.
fn pool_price(sources: &Sources<'_>, collateral: &Reserve, debt: &Reserve) -> Result<Option<UsdE8>, StateError> {
    let is_direct =
        |pool: &&crate::dex::PoolState| pool.key.other(collateral.asset).is_some_and(|other| other == debt.asset);
    let Some(pool) = sources.pools.found().filter(is_direct).max_by_key(|pool| pool.liquidity) else { return Ok(None) };
    let is_zero = pool.key.token0() == collateral.asset;
    let (zero, one) = if is_zero { (collateral, debt) } else { (debt, collateral) };
    let decimals = |reserve: &Reserve| reserve.configuration.decimals();
    let apart = deviation_bps(pool.spot_price(), zero.price()?, decimals(zero), one.price()?, decimals(one))?;
    let whole = i64::from(Bps::ONE.0);
    let scaled = u64::try_from(whole.saturating_add(apart).max(0)).unwrap_or_default();
    let (scaled, whole) = (U256::from(scaled), U256::from(Bps::ONE.0));
    let price = collateral.price()?.0;
    let price = if is_zero { mul_div_down(price, scaled, whole)? } else { mul_div_down(price, whole, scaled)? };
    Ok(Some(UsdE8(price)))
}

fn known(prices: &BTreeMap<Address, UsdE8>, asset: Address, otherwise: UsdE8) -> UsdE8 {
    prices.get(&asset).copied().unwrap_or(otherwise)
}

/// The collateral's price after its loop's shock; of several loops, the greatest shock.
fn stress(
    prices: &mut BTreeMap<Address, UsdE8>,
    collateral: &Reserve,
    thresholds: &Thresholds,
) -> Result<(), StateError> {
    let left = Decimal::ONE.saturating_sub(thresholds.stress);
    let left = from_decimal(left, 18).ok_or(MathError::Overflow)?;
    let shocked = UsdE8(mul_div_down(collateral.price()?.0, left, crate::units::WAD)?);
    let least = known(prices, collateral.asset, shocked).min(shocked);
    prices.insert(collateral.asset, least);
    Ok(())
}

/// Dollars, or the exchange rate of a correlated pair.
fn price(class: LoopClass, collateral: &Reserve, debt: &Reserve) -> Result<Decimal, StateError> {
    let decimal = |reserve: &Reserve| Ok::<_, StateError>(reserve.price()?.to_decimal().ok_or(MathError::Overflow)?);
    let usd = decimal(collateral)?;
    match class {
        LoopClass::Volatile => Ok(usd),
        LoopClass::Correlated => Ok(usd.checked_div(decimal(debt)?).ok_or(MathError::DivisionByZero)?),
    }
}

/// By how much the collateral stands lower against the debt at the feeds than at the oracle, rounded up.
fn feed_gap(feeds: &BTreeMap<Address, UsdE8>, collateral: &Reserve, debt: &Reserve) -> Result<Bps, StateError> {
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
