//! Aave and the pools as the simulation has them: reserves of Base's parameters, pools with constant product that others fill
//! up again after each block.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, B256, U256, U512};

use super::{
    DrawnAccount, Step,
    assets::{self, ALL, EMODE, Follows, Listed},
    draw::EMODE_THRESHOLD,
};
use crate::{
    aave::{
        AccountState, Deployment as Aave, EModeCategory, Holding, Market, PermitDomain, Price, RateStrategy, Reserve,
        ReserveConfiguration, math::RAY,
    },
    chain::BlockRef,
    config::StandardFeed,
    dex::{Deployment, KnownRange, PoolKey, PoolState, Pools, USDC, WETH, sqrt_price_at, tick_at_sqrt_ratio},
    loops::{Asset, BLOCK_TIME, Contracts, Observation, Pair, PairReading},
    units::{Bps, MathError, Ray, Secs, UsdE8, isqrt, mul_div_down, mul_div_up},
};

/// Whole tokens in every reserve, and lent out of it.
const IN_RESERVE: u64 = 1_000_000_000;
/// Whose account it is.
pub(super) const OWNER: Address = Address::repeat_byte(0x77);
/// When paths begin.
const BEGIN: u64 = 1_000_000;
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
            market: market(&listed),
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
        let timestamp = Secs(BEGIN.saturating_add(BLOCK_TIME.0.saturating_mul(number)));
        let hash = B256::from(U256::from(number).saturating_add(U256::ONE));
        market.block = BlockRef { number, hash, timestamp, base_fee: U256::ZERO, pre_confirmed: false };
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

fn market(listed: &[(u16, &Listed)]) -> Market {
    let block =
        BlockRef { number: 0, hash: B256::ZERO, timestamp: Secs(BEGIN), base_fee: U256::ZERO, pre_confirmed: false };
    let in_emode = |(number, listed): &(u16, &Listed)| match listed.follows {
        Follows::Ether | Follows::EtherByRatio => 1u128 << *number,
        _ => 0,
    };
    let borrowable = |(number, listed): &(u16, &Listed)| if listed.token == WETH { 1u128 << *number } else { 0 };
    let emode = EModeCategory {
        id: EMODE,
        label: "ETH correlated".to_owned(),
        ltv: Bps(9_000),
        liquidation_threshold: Bps(u32::try_from(EMODE_THRESHOLD).unwrap_or_default()),
        liquidation_bonus: Bps(10_200),
        collateral_bitmap: listed.iter().map(in_emode).sum(),
        borrowable_bitmap: listed.iter().map(borrowable).sum(),
        ltv_zero_bitmap: 0,
        isolated: false,
    };
    Market {
        block,
        revision: 10,
        pool: Aave::BASE.pool,
        reserves: listed.iter().map(|(number, listed)| reserve(*number, listed)).collect(),
        categories: vec![emode],
        flash_loan_premium: Bps(5),
        borrowing_allowed: true,
        list_outdated: false,
    }
}

fn reserve(id: u16, listed: &Listed) -> Reserve {
    // Parameters, then the flags active, borrowing, flash loans, and the reserve factor.
    let fields = [
        (listed.ltv, 0usize),
        (listed.threshold, 16),
        (listed.bonus, 32),
        (u64::from(listed.decimals), 48),
        (1, 56),
        (1, 58),
        (1, 63),
        (1_000, 64),
    ];
    let word = fields.iter().fold(U256::ZERO, |word, (value, at)| word | (U256::from(*value) << *at));
    let whole = listed.unit().saturating_mul(U256::from(IN_RESERVE));
    Reserve {
        id,
        asset: listed.token,
        symbol: listed.symbol.to_owned(),
        a_token: receipt(listed, 1),
        debt_token: receipt(listed, 2),
        configuration: ReserveConfiguration(word),
        liquidity_index: Ray(RAY),
        variable_borrow_index: Ray(RAY),
        liquidity_rate: Ray(U256::ZERO),
        variable_borrow_rate: Ray(U256::ZERO),
        last_update: Secs(BEGIN),
        accrued_to_treasury: U256::ZERO,
        virtual_balance: whole,
        deficit: U256::ZERO,
        scaled_supply: whole.saturating_add(whole),
        scaled_debt: whole,
        price: Some(Price { value: listed.start(), source: listed.token, updated_at: None }),
        strategy: RateStrategy { optimal_usage: Bps(9_000), base_rate: Bps(0), slope1: Bps(500), slope2: Bps(1_000) },
    }
}

fn asset(listed: &Listed) -> Asset {
    Asset {
        token: listed.token,
        symbol: listed.symbol.to_owned(),
        decimals: listed.decimals,
        a_token: receipt(listed, 1),
        debt_token: receipt(listed, 2),
        // Wrapped ether has no permit.
        token_permit: (listed.token != WETH).then(|| permit(listed.token)),
        a_token_permit: Some(permit(receipt(listed, 1))),
        debt_token_permit: Some(permit(receipt(listed, 2))),
    }
}

fn permit(token: Address) -> PermitDomain {
    PermitDomain { name: "token".to_owned(), version: "1".to_owned(), chain_id: 8_453, token }
}

/// An address for a receipt token: the asset's with another first byte.
fn receipt(listed: &Listed, kind: u8) -> Address {
    let mut bytes = listed.token.into_array();
    bytes[0] = bytes[0].wrapping_add(kind.wrapping_mul(64));
    Address::from(bytes)
}

/// Every asset against dollars and against ether, in one fee tier.
fn pool_keys(listed: &[&Listed]) -> Vec<(PoolKey, Address)> {
    let mut keys = BTreeSet::new();
    for asset in listed {
        for hub in listed.iter().filter(|hub| [WETH, USDC].contains(&hub.token) && hub.token != asset.token) {
            let is_tight = asset.is_volatile() == hub.is_volatile() && !matches!(asset.follows, Follows::Market(_));
            keys.extend(PoolKey::new(asset.token, hub.token, if is_tight { 100 } else { 500 }).ok());
        }
    }
    keys.into_iter().map(|key| (key, key.address(&Deployment::BASE))).collect()
}
