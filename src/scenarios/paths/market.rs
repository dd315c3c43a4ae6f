//! Aave and the pools as the simulation has them: reserves of Base's parameters, pools with constant product that others fill
//! up again after each block.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, B256, U256, U512};

use super::{
    DrawnAccount, Step,
    assets::{self, ALL, Follows, Listed},
    reserves::{self, BEGIN, asset, pool_keys},
};
use crate::{
    aave::{AccountState, Holding, Market},
    chain::BlockRef,
    config::StandardFeed,
    dex::{KnownRange, PoolKey, PoolState, Pools, WETH, sqrt_price_at, tick_at_sqrt_ratio},
    loops::{Contracts, Observation, Pair, PairReading},
    units::{MathError, Millis, Ray, Secs, UsdE8, isqrt, mul_div_down, mul_div_up},
};

/// Whose account it is.
pub(super) const OWNER: Address = Address::repeat_byte(0x77);
/// From one step of a path to the next: one of Base's blocks. Five of them share a second.
const STEP: Millis = Millis(200);
/// Ether for gas, wei: what the watch leaves alone in the wallet.
const GAS_MONEY: U256 = U256::from_limbs([10_000_000_000_000_000, 0, 0, 0]);

/// Aave and pools of one path, before any prices.
#[derive(Debug)]
pub(super) struct Venue {
    market: Market,
    pools: Vec<(PoolKey, Address)>,
    pairs: Vec<Pair>,
    /// The debt's value where the path begins, USD with 8 decimals: pools are as deep as some part of it.
    first_debt: U256,
}

impl Venue {
    pub(super) fn new(account: &DrawnAccount, first: &Step) -> Result<Self, MathError> {
        let tokens: BTreeSet<Address> = first.prices.keys().copied().collect();
        let numbered = (0u16..).zip(&ALL).filter(|(_, listed)| tokens.contains(&listed.token));
        let listed: Vec<(u16, &Listed)> = numbered.collect();
        let pairs = listed.iter().flat_map(|(_, held)| {
            let owed = listed.iter().filter(|(_, owed)| account.debts.iter().any(|(token, _)| *token == owed.token));
            owed.map(|(_, owed)| Pair { collateral: asset(held), debt: asset(owed) }).collect::<Vec<_>>()
        });
        Ok(Self {
            pools: pool_keys(&listed.iter().map(|(_, listed)| *listed).collect::<Vec<_>>()),
            pairs: pairs.collect(),
            first_debt: account.values()?.1.max(U256::ONE),
            market: reserves::market(&listed),
        })
    }

    /// The account as Aave has it where the path begins.
    pub(super) fn open(&self, drawn: &DrawnAccount) -> AccountState {
        let mut account = AccountState { emode: drawn.emode, native: GAS_MONEY, ..AccountState::empty(OWNER) };
        for reserve in &self.market.reserves {
            account.holdings.insert(reserve.asset, Holding { wallet_nonce: Some(U256::ZERO), ..Holding::default() });
        }
        for (token, amount) in &drawn.wallet {
            account.holdings.entry(*token).or_default().wallet = *amount;
        }
        for supply in &drawn.supplies {
            let holding = account.holdings.entry(supply.token).or_default();
            holding.scaled_supply = holding.scaled_supply.saturating_add(supply.amount);
            if let Ok(reserve) = self.market.reserve(supply.token) {
                account.configuration.set_collateral(reserve.id, supply.is_collateral);
            }
        }
        for (token, amount) in &drawn.debts {
            account.holdings.entry(*token).or_default().scaled_debt = *amount;
            if let Ok(reserve) = self.market.reserve(*token) {
                account.configuration.set_borrowing(reserve.id, true);
            }
        }
        account
    }

    /// Aave at a block. Interest is in the indices, not in rates: a block may stand for hours.
    pub(super) fn market(&self, number: u64, step: &Step, debt_index: Ray) -> Market {
        let mut market = self.market.clone();
        let at = Millis(BEGIN.saturating_mul(1_000).saturating_add(STEP.0.saturating_mul(number)));
        let timestamp = Secs(at.0 / 1_000);
        let hash = B256::from(U256::from(number).saturating_add(U256::ONE));
        market.block = BlockRef { number, hash, timestamp, base_fee: U256::ZERO, timestamp_ms: Some(at) };
        for reserve in &mut market.reserves {
            reserve.last_update = timestamp;
            reserve.variable_borrow_index = debt_index;
            if let Some(price) = &mut reserve.price {
                price.value = step.of(reserve.asset).oracle;
            }
            if step.lent_out == Some(reserve.asset) {
                reserve.virtual_balance = U256::ZERO;
            }
        }
        market
    }

    /// The pools at a block. Ticks cost time to find, and only swaps need them.
    pub(super) fn pools(&self, step: &Step, for_swaps: bool) -> Result<Pools, MathError> {
        let depth = mul_div_down(self.first_debt, U256::from(step.depth), U256::from(100u64))?.max(U256::ONE);
        let pool = |(key, address): &(PoolKey, Address)| {
            let of = |token| assets::of(token).ok_or(MathError::Overflow);
            let (zero, one) = (of(key.token0())?, of(key.token1())?);
            let (price0, price1) = (step.of(zero.token).pool, step.of(one.token).pool);
            let sqrt_price_x96 = sqrt_price_at(price0, zero.decimals, price1, one.decimals)?;
            let balance0 = mul_div_down(depth, zero.unit(), price0.0)?.max(U256::ONE);
            let balance1 = mul_div_down(depth, one.unit(), price1.0)?.max(U256::ONE);
            let liquidity = isqrt(balance0.widening_mul::<256, 4, 512, 8>(balance1));
            let tick = if for_swaps { tick_at_sqrt_ratio(sqrt_price_x96).unwrap_or_default() } else { 0 };
            let state = PoolState {
                key: *key,
                address: *address,
                tick_spacing: 60,
                sqrt_price_x96,
                tick,
                liquidity: u128::try_from(liquidity.min(U512::from(u128::MAX))).unwrap_or(u128::MAX),
                ticks: BTreeMap::new(),
                known_range: KnownRange::ALL,
                balance0,
                balance1,
            };
            Ok((*key, Ok(state)))
        };
        self.pools.iter().map(pool).collect()
    }

    /// What the watch reads of an account at a head.
    pub(super) fn observation(
        &self,
        market: &Market,
        step: &Step,
        account: &AccountState,
    ) -> Result<Observation, MathError> {
        let morpho_liquidity = if step.best_source_empty { U256::ZERO } else { U256::MAX >> 16 };
        let pairs = self.pairs.iter().map(|pair| PairReading {
            pair: pair.clone(),
            contracts: Contracts::default(),
            morpho_liquidity,
        });
        Ok(Observation::of(market.clone(), account.clone(), feeds(step)?, self.pools(step, true)?, pairs))
    }
}

/// The feeds that a watch without any settings reads: of ether and bitcoin, and by ratio of what is staked.
pub(super) fn feeds(step: &Step) -> Result<BTreeMap<Address, UsdE8>, MathError> {
    let ether = step.of(WETH);
    let mut feeds = BTreeMap::new();
    for (token, price) in &step.prices {
        let Some(listed) = assets::of(*token).filter(|listed| StandardFeed::of(listed.symbol).is_some()) else {
            continue;
        };
        let fed = match listed.follows {
            Follows::EtherByRatio => UsdE8(mul_div_down(price.oracle.0, ether.feed.0, ether.oracle.0)?),
            _ => price.feed,
        };
        feeds.insert(*token, fed);
    }
    Ok(feeds)
}

/// The debt index after growth by parts per billion, rounded up.
pub(super) fn grown(index: Ray, growth: u64) -> Result<Ray, MathError> {
    let billion = U256::from(1_000_000_000u64);
    mul_div_up(index.0, billion.saturating_add(U256::from(growth)), billion).map(Ray)
}
