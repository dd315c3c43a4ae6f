//! A market under stress: the price that moves a loop has moved against it, feed and pools together, everything else as it is.

use std::{collections::BTreeSet, sync::Arc};

use alloy::primitives::{Address, U256, U512};
use rust_decimal::Decimal;

use super::{
    LoopSnapshot, MovingPrice, Pair, PlanError,
    plan::swap::{Swap, Venue},
};
use crate::{
    aave::Reserve,
    config::PriceMove,
    dex::{Absence, Pool},
    units::{Bps, MathError, from_decimal, mul_div_down, to_decimal},
};

const MILLION: u64 = 1_000_000;

/// The snapshot after the price that moves the loop went by a share of it in the direction in which the loop loses: the
/// collateral's fell, or, of a short loop, the debt's rose. Pools that hold the token follow, replayed swap by swap; one
/// whose ticks were not read that far cannot be used there.
pub fn stressed(snapshot: &LoopSnapshot, pair: &Pair, share: Decimal) -> Result<LoopSnapshot, PlanError> {
    let market = &snapshot.market;
    let moving = MovingPrice::of(market.reserve(pair.collateral.token)?, market.reserve(pair.debt.token)?);
    let way = moving.pair.loses_on;
    let scaled = match way {
        PriceMove::Fall => Decimal::ONE.checked_sub(share),
        PriceMove::Rise => Decimal::ONE.checked_add(share),
    };
    let scaled = scaled.and_then(|scaled| from_decimal(scaled, 6)).ok_or(MathError::Overflow)?;
    let mut after = snapshot.clone();
    for reserve in &mut after.market.reserves {
        if let Some(price) = reserve.price.as_mut().filter(|_| reserve.asset == moving.asset) {
            price.value.0 = mul_div_down(price.value.0, scaled, U256::from(MILLION))?;
        }
    }
    for pool in snapshot.pools.found() {
        after.pools.insert(pool.id(), followed(pool, moving.asset, scaled));
    }
    Ok(after)
}

/// A pool after its price followed a token's, which is now `scaled` millionths of what it was.
fn followed(pool: &Arc<dyn Pool>, token: Address, scaled: U256) -> Result<Arc<dyn Pool>, Absence> {
    let (scaled, whole) = (U512::from(scaled), U512::from(MILLION));
    // The pool's price is that of its first token.
    match pool.id() {
        id if id.token0() == token => pool.repriced(scaled, whole),
        id if id.token1() == token => pool.repriced(whole, scaled),
        _ => Ok(Arc::clone(pool)),
    }
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
        Venue { snapshot, hubs, exclude, gas_price, slippage: Bps(0), room: Bps(0), helps: None, fallen: Bps(0) }
    }
}

fn loss(swap: &Swap) -> Result<Decimal, PlanError> {
    let lost = swap.value_in.saturating_sub(swap.value_out);
    let wad = U256::from(10u8).pow(U256::from(18u8));
    let share = mul_div_down(lost, wad, swap.value_in)?;
    to_decimal(share, 18).ok_or(PlanError::Math(MathError::Overflow))
}
