//! What a route gives, and routes in order of what they give.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use super::{
    PoolId, PoolSwap, SwapError,
    absence::Absence,
    pool_id::ONE_PIPS,
    pools::Pools,
    route::{Hop, Route},
};
use crate::units::{MathError, UsdE8, mul_div_up};

/// What one unit of gas costs in smallest units of a token, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GasPrice {
    numerator: U256,
    denominator: U256,
}

impl GasPrice {
    /// Gas for nothing: routes are compared by amounts alone.
    pub const FREE: Self = Self { numerator: U256::ZERO, denominator: U256::ONE };

    /// From wei per gas and the oracle prices of ether and the token.
    pub fn in_token(wei_per_gas: U256, ether: UsdE8, token: UsdE8, decimals: u8) -> Result<Self, MathError> {
        if token.0.is_zero() {
            return Err(MathError::DivisionByZero);
        }
        let power = |exponent: u8| U256::from(10).checked_pow(U256::from(exponent));
        let times = |a: U256, b: Option<U256>| b.and_then(|b| a.checked_mul(b)).ok_or(MathError::Overflow);
        let value = wei_per_gas.checked_mul(ether.0).ok_or(MathError::Overflow)?;
        Ok(Self { numerator: times(value, power(decimals))?, denominator: times(token.0, power(18))? })
    }

    /// What this much gas costs, rounded up.
    pub fn cost(&self, gas: u64) -> Result<U256, MathError> {
        mul_div_up(U256::from(gas), self.numerator, self.denominator)
    }
}

/// What one route does with an amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The way.
    pub route: Route,
    /// Goes in, fees included.
    pub amount_in: U256,
    /// Comes out.
    pub amount_out: U256,
    /// The swap in each pool, in the order of the route.
    pub swaps: Vec<PoolSwap>,
    /// Estimated gas of the swap (not of the transaction around it).
    pub gas: u64,
    /// That gas in the token by which routes are compared: the output of an exact input, the input of an exact output.
    pub gas_cost: U256,
    /// Fees of all pools together, hundredths of a basis point of the input.
    pub fee_pips: u32,
    /// Price impact of all pools together, fees not counted, hundredths of a basis point.
    pub price_impact_pips: u32,
    /// How much worse than the best route, after gas, in the same token; zero for the best.
    pub behind: U256,
}

impl Quote {
    /// Replays a route from its start.
    pub(super) fn exact_in(pools: &Pools, route: Route, amount: U256, gas: GasPrice) -> Result<Self, Rejection> {
        let mut swaps = Vec::with_capacity(route.hops().len());
        let mut next = amount;
        for (pool, token_in) in route.pools().zip(route.tokens_in()) {
            let state = pools.get(pool).map_err(|reason| Rejection::Absent { pool: Box::new(pool), reason })?;
            let swap = state.sell(token_in, next).map_err(|error| Rejection::Swap { pool: Box::new(pool), error })?;
            next = swap.amount_out;
            swaps.push(swap);
        }
        Self::of(route, swaps, gas)
    }

    /// Replays a route from its end.
    pub(super) fn exact_out(pools: &Pools, route: Route, amount: U256, gas: GasPrice) -> Result<Self, Rejection> {
        let mut swaps = Vec::with_capacity(route.hops().len());
        let mut next = amount;
        for Hop { pool, token_out } in route.hops().iter().rev().copied() {
            let state = pools.get(pool).map_err(|reason| Rejection::Absent { pool: Box::new(pool), reason })?;
            let swap = state.buy(token_out, next).map_err(|error| Rejection::Swap { pool: Box::new(pool), error })?;
            next = swap.amount_in;
            swaps.push(swap);
        }
        swaps.reverse();
        Self::of(route, swaps, gas)
    }

    fn of(route: Route, swaps: Vec<PoolSwap>, price: GasPrice) -> Result<Self, Rejection> {
        let kept = |lost: fn(&PoolSwap) -> u32| {
            swaps.iter().fold(U256::from(ONE_PIPS), |kept, swap| kept_after(kept, lost(swap)))
        };
        let (kept_fee, kept_impact) = (kept(|swap| swap.fee_pips), kept(|swap| swap.price_impact_pips));
        let gas = swaps.iter().fold(0u64, |gas, swap| gas.saturating_add(swap.gas));
        let gas_cost = price.cost(gas).map_err(Rejection::GasPrice)?;
        Ok(Self {
            amount_in: swaps.first().map_or(U256::ZERO, |swap| swap.amount_in),
            amount_out: swaps.last().map_or(U256::ZERO, |swap| swap.amount_out),
            route,
            swaps,
            gas,
            gas_cost,
            fee_pips: lost(kept_fee),
            price_impact_pips: lost(kept_impact),
            behind: U256::ZERO,
        })
    }
}

/// What is kept of `kept` after another loss; rounded down, so that losses are rounded up.
fn kept_after(kept: U256, lost_pips: u32) -> U256 {
    kept * U256::from(ONE_PIPS.saturating_sub(lost_pips)) / U256::from(ONE_PIPS)
}

fn lost(kept: U256) -> u32 {
    ONE_PIPS.saturating_sub(kept.saturating_to())
}

/// Why a candidate is not among the quotes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The caller does not want this pool (a flash loan comes from it).
    #[error("pool {pool} is excluded: it lends the flash loan and is locked meanwhile")]
    Excluded {
        /// The pool.
        pool: Box<PoolId>,
    },
    /// There is no such pool, or it is empty.
    #[error("pool {pool}: {reason}")]
    Absent {
        /// The pool.
        pool: Box<PoolId>,
        /// Why.
        reason: Absence,
    },
    /// The swap has no result there.
    #[error("pool {pool}: {error}")]
    Swap {
        /// The pool.
        pool: Box<PoolId>,
        /// Why.
        error: SwapError,
    },
    /// The cost of gas cannot be told.
    #[error("cost of gas: {0}")]
    GasPrice(MathError),
}

impl Rejection {
    /// The pool it is about.
    #[must_use]
    pub fn pool(&self) -> Option<PoolId> {
        match self {
            Self::Excluded { pool } | Self::Absent { pool, .. } | Self::Swap { pool, .. } => Some(**pool),
            Self::GasPrice(_) => None,
        }
    }

    /// The kind of reason without figures; `None` where there is no pool.
    const fn of_pool_that_exists(&self) -> Option<&'static str> {
        Some(match self {
            Self::Excluded { .. } => "the pool lends the flash loan and is locked meanwhile",
            Self::Absent { reason: Absence::NoContract | Absence::NotRead, .. } | Self::GasPrice(_) => return None,
            Self::Absent { reason: Absence::Uninitialised, .. } => "the pool has no price yet",
            Self::Absent { reason: Absence::NoLiquidity, .. } => "the pool has no liquidity near its price",
            Self::Absent { reason: Absence::PriceMoved, .. } => "the pool's price moved while it was read",
            Self::Swap { error: SwapError::LeavesKnownRange { .. } | SwapError::NotEnoughLiquidity { .. }, .. } => {
                "the pool's liquidity in reach is too small for the amount"
            }
            Self::Swap { error: SwapError::ZeroAmount, .. } => "the amount to swap is zero",
            Self::Swap { .. } => "the swap has no result there",
        })
    }
}

/// A candidate that is not among the quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The way. A pool that cannot be used is named once, with the shortest way through it.
    pub route: Route,
    /// Why not.
    pub reason: Rejection,
}

/// Routes, the best first, and those that are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranking {
    /// Usable routes, the best after gas first; each says how far it is behind.
    pub quotes: Vec<Quote>,
    /// The others, each with its reason.
    pub rejected: Vec<Rejected>,
}

impl Ranking {
    /// The best route; `None` if there is none at all.
    #[must_use]
    pub fn best(&self) -> Option<&Quote> {
        self.quotes.first()
    }

    /// Why there is no route, in one clause: how many pools were tried, and what stands in the way of most that exist.
    #[must_use]
    pub fn why_none(&self) -> String {
        let tried: BTreeSet<_> = self.rejected.iter().filter_map(|rejected| rejected.reason.pool()).collect();
        let mut exist: BTreeMap<&'static str, BTreeSet<PoolId>> = BTreeMap::new();
        for reason in self.rejected.iter().map(|rejected| &rejected.reason) {
            if let (Some(pool), Some(words)) = (reason.pool(), reason.of_pool_that_exists()) {
                exist.entry(words).or_default().insert(pool);
            }
        }
        let found = exist.values().flatten().collect::<BTreeSet<_>>().len();
        let commonest = exist.iter().max_by_key(|(words, pools)| (pools.len(), std::cmp::Reverse(**words)));
        let pools = |count: usize| if count == 1 { "1 pool".to_owned() } else { format!("{count} pools") };
        match commonest {
            None if tried.is_empty() => "no pool is known".to_owned(),
            None => format!("{} tried and none exists", pools(tried.len())),
            Some((words, most)) if most.len() == found => {
                format!("{} tried, {found} exist: {words}", pools(tried.len()))
            }
            Some((words, most)) => {
                format!("{} tried, {found} exist: for {} of these {words}", pools(tried.len()), most.len())
            }
        }
    }
}
