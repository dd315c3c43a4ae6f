//! A market under stress: the collateral's price moved, feed and pools together, everything else as it is.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256, U512};
use rust_decimal::Decimal;

use super::{
    LoopSnapshot, Pair, PlanError,
    swap::{Swap, Venue},
};
use crate::{
    aave::Reserve,
    dex::{Absence, Direction, PoolState, Pools},
    units::{Bps, MathError, from_decimal, isqrt, mul_div_down, to_decimal},
};

const MILLION: u64 = 1_000_000;

/// The snapshot after the collateral's price fell by a share of it. Pools that hold the collateral follow, replayed swap by
/// swap; one whose ticks were not read that far cannot be used there.
pub fn stressed(snapshot: &LoopSnapshot, pair: &Pair, fall: Decimal) -> Result<LoopSnapshot, PlanError> {
    let kept = Decimal::ONE.checked_sub(fall).and_then(|kept| from_decimal(kept, 6)).ok_or(MathError::Overflow)?;
    let mut after = snapshot.clone();
    for reserve in &mut after.market.reserves {
        if let Some(price) = reserve.price.as_mut().filter(|_| reserve.asset == pair.collateral.token) {
            price.value.0 = mul_div_down(price.value.0, kept, U256::from(MILLION))?;
        }
    }
    let moved = |pool: &PoolState| (pool.key, fallen(pool, pair.collateral.token, kept));
    let pools: Pools = snapshot.pools.found().map(moved).collect();
    for (key, state) in snapshot.pools.found().map(|pool| (pool.key, pools.get(&pool.key).cloned())) {
        after.pools.insert(key, state);
    }
    Ok(after)
}

/// A pool after its price followed the collateral's.
fn fallen(pool: &PoolState, collateral: Address, kept: U256) -> Result<PoolState, Absence> {
    // Selling collateral is what brings its price down.
    let Some(direction) = pool.direction_from(collateral) else { return Ok(pool.clone()) };
    let (top, bottom) = match direction {
        Direction::ZeroForOne => (U512::from(kept), U512::from(MILLION)),
        Direction::OneForZero => (U512::from(MILLION), U512::from(kept)),
    };
    let squared = pool.sqrt_price_x96.widening_mul::<256, 4, 512, 8>(pool.sqrt_price_x96);
    let limit = isqrt(squared * top / bottom);
    let limit = U256::checked_from_limbs_slice(limit.as_limbs()).ok_or(Absence::PriceMoved)?;
    if limit == pool.sqrt_price_x96 {
        return Ok(pool.clone());
    }
    let swap = pool.exact_in(direction, U256::MAX >> 2, Some(limit)).map_err(|_| Absence::PriceMoved)?;
    Ok(pool.after(&swap))
}

/// What a swap on a snapshot loses against the oracle, as a share of what goes in.
#[derive(Debug, Clone, Copy)]
pub struct SwapCost<'a> {
    /// State.
    pub snapshot: &'a LoopSnapshot,
    /// The loop's assets.
    pub pair: &'a Pair,
    /// Tokens that may lie in the middle of a route.
    pub hubs: &'a [Address],
    /// Wei per gas, to compare routes.
    pub gas_price: U256,
}

impl SwapCost<'_> {
    /// Of selling an amount of the debt asset for collateral.
    pub fn into_collateral(&self, amount: U256) -> Result<Decimal, PlanError> {
        let (collateral, debt) = self.reserves()?;
        loss(&self.venue(&BTreeSet::new()).sell(debt, collateral, amount)?)
    }

    /// Of buying an amount of the debt asset with collateral.
    pub fn into_debt(&self, amount: U256) -> Result<Decimal, PlanError> {
        let (collateral, debt) = self.reserves()?;
        loss(&self.venue(&BTreeSet::new()).buy(collateral, debt, amount)?)
    }

    fn reserves(&self) -> Result<(&Reserve, &Reserve), PlanError> {
        let market = &self.snapshot.market;
        Ok((market.reserve(self.pair.collateral.token)?, market.reserve(self.pair.debt.token)?))
    }

    fn venue<'b>(&'b self, exclude: &'b BTreeSet<Address>) -> Venue<'b> {
        let (snapshot, hubs, gas_price) = (self.snapshot, self.hubs, self.gas_price);
        Venue { snapshot, hubs, exclude, gas_price, slippage: Bps(0), room: Bps(0), fallen: Bps(0) }
    }
}

fn loss(swap: &Swap) -> Result<Decimal, PlanError> {
    let lost = swap.value_in.saturating_sub(swap.value_out);
    let wad = U256::from(10u8).pow(U256::from(18u8));
    let share = mul_div_down(lost, wad, swap.value_in)?;
    to_decimal(share, 18).ok_or(PlanError::Math(MathError::Overflow))
}
