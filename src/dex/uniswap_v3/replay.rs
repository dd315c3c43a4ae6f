//! Swaps replayed off chain: the pool's own loop (v3-core `UniswapV3Pool.swap`) over a [`PoolState`].

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use super::{
    pool::{Direction, PoolState},
    step::{Remaining, swap_step},
    tick::{MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrt_ratio_at_tick, tick_within},
};
use crate::{dex::SwapError, units::MathError};

/// Gas of a swap through the router without ticks: transfers, callback, pool. Measured on the replica, from a
/// warm allowance and balances that are not zero.
const GAS_SWAP: u64 = 95_000;
/// Gas of one more word of the bitmap looked at.
const GAS_STEP: u64 = 7_000;
/// Gas of crossing one initialised tick.
const GAS_TICK: u64 = 25_000;

/// What a swap in one pool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// Which way.
    pub direction: Direction,
    /// Taken from the payer, fee included; smallest units.
    pub amount_in: U256,
    /// Given to the recipient; smallest units.
    pub amount_out: U256,
    /// The part of `amount_in` that is fee.
    pub fee_amount: U256,
    /// Square root price afterwards.
    pub sqrt_price_after: U256,
    /// Tick afterwards.
    pub tick_after: i32,
    /// Liquidity in use afterwards.
    #[serde(with = "super::text")]
    pub liquidity_after: u128,
    /// Initialised ticks crossed.
    pub ticks_crossed: u32,
    /// Rounds of the pool's loop.
    pub steps: u32,
}

impl Swap {
    /// Gas it takes through the router, as an estimate for comparing routes: not a limit.
    #[must_use]
    pub fn gas_estimate(&self) -> u64 {
        let steps = u64::from(self.steps.saturating_sub(1)).saturating_mul(GAS_STEP);
        let ticks = u64::from(self.ticks_crossed).saturating_mul(GAS_TICK);
        GAS_SWAP.saturating_add(steps).saturating_add(ticks)
    }
}

impl PoolState {
    /// The swap of exactly `amount` in, fee included. With a square root price limit it may take less; without one it is
    /// [`SwapError::NotEnoughLiquidity`] when the pool cannot take it all (the router would leave the rest behind).
    pub fn exact_in(&self, direction: Direction, amount: U256, limit: Option<U256>) -> Result<Swap, SwapError> {
        self.swap(direction, Remaining::In(amount), limit)
    }

    /// The swap that gives exactly `amount` out. With a square root price limit it may give less; without one it is
    /// [`SwapError::NotEnoughLiquidity`] when the pool cannot give it all (the router would revert).
    pub fn exact_out(&self, direction: Direction, amount: U256, limit: Option<U256>) -> Result<Swap, SwapError> {
        self.swap(direction, Remaining::Out(amount), limit)
    }

    /// The pool after a swap that was replayed from this state.
    #[must_use]
    pub fn after(&self, swap: &Swap) -> Self {
        let (balance0, balance1) = match swap.direction {
            Direction::ZeroForOne => {
                (self.balance0.saturating_add(swap.amount_in), self.balance1.saturating_sub(swap.amount_out))
            }
            Direction::OneForZero => {
                (self.balance0.saturating_sub(swap.amount_out), self.balance1.saturating_add(swap.amount_in))
            }
        };
        Self {
            sqrt_price_x96: swap.sqrt_price_after,
            tick: swap.tick_after,
            liquidity: swap.liquidity_after,
            balance0,
            balance1,
            ..self.clone()
        }
    }

    fn swap(&self, direction: Direction, wanted: Remaining, limit: Option<U256>) -> Result<Swap, SwapError> {
        self.verify()?;
        if wanted.amount().is_zero() {
            return Err(SwapError::ZeroAmount);
        }
        if wanted.amount().bit_len() > 255 {
            return Err(SwapError::AmountTooLarge(wanted.amount()));
        }
        let bound = self.bound(direction, limit)?;
        let mut at = Progress::from(self, direction);
        let mut remaining = wanted;
        while !remaining.amount().is_zero() && at.swap.sqrt_price_after != bound {
            let stop = self.next_stop(at.swap.tick_after, direction).ok_or_else(|| self.leaves(&at.swap))?;
            let before = (at.swap.tick_after, remaining);
            remaining = at.advance(stop.tick, stop.net, bound, remaining, self.key.fee())?;
            if before == (at.swap.tick_after, remaining) {
                return Err(SwapError::BadState("the swap gets nowhere"));
            }
        }
        if limit.is_none() && !remaining.amount().is_zero() {
            let Swap { amount_in, amount_out, .. } = at.swap;
            return Err(SwapError::NotEnoughLiquidity { amount_in, amount_out });
        }
        Ok(at.swap)
    }

    fn bound(&self, direction: Direction, limit: Option<U256>) -> Result<U256, SwapError> {
        let price = self.sqrt_price_x96;
        let (furthest, allowed) = match direction {
            Direction::ZeroForOne => {
                let furthest = MIN_SQRT_RATIO + U256::ONE;
                (furthest, limit.is_none_or(|limit| limit < price && limit >= furthest))
            }
            Direction::OneForZero => {
                let furthest = MAX_SQRT_RATIO - U256::ONE;
                (furthest, limit.is_none_or(|limit| limit > price && limit <= furthest))
            }
        };
        let limit = limit.unwrap_or(furthest);
        if allowed { Ok(limit) } else { Err(SwapError::PriceLimit { limit, sqrt_price: price }) }
    }

    fn verify(&self) -> Result<(), SwapError> {
        if !(1..=16_384).contains(&self.tick_spacing) {
            return Err(SwapError::BadState("tick spacing"));
        }
        if !(MIN_SQRT_RATIO..MAX_SQRT_RATIO).contains(&self.sqrt_price_x96) {
            return Err(SwapError::BadState("square root price"));
        }
        // Having crossed a tick downwards, a pool stands on it with the tick below as its own: so both ends are included.
        let tick_fits = (MIN_TICK..MAX_TICK).contains(&self.tick)
            && (sqrt_ratio_at_tick(self.tick)..=sqrt_ratio_at_tick(self.tick + 1)).contains(&self.sqrt_price_x96);
        if tick_fits { Ok(()) } else { Err(SwapError::BadState("the tick is not that of the price")) }
    }

    fn leaves(&self, swap: &Swap) -> SwapError {
        let (low, high) = self.known_ticks();
        SwapError::LeavesKnownRange { low, high, amount_in: swap.amount_in, amount_out: swap.amount_out }
    }
}

/// How far the loop has come.
struct Progress {
    swap: Swap,
}

impl Progress {
    fn from(pool: &PoolState, direction: Direction) -> Self {
        Self {
            swap: Swap {
                direction,
                amount_in: U256::ZERO,
                amount_out: U256::ZERO,
                fee_amount: U256::ZERO,
                sqrt_price_after: pool.sqrt_price_x96,
                tick_after: pool.tick,
                liquidity_after: pool.liquidity,
                ticks_crossed: 0,
                steps: 0,
            },
        }
    }

    /// One round of the loop, towards a tick and no further than `bound`; what remains after it.
    fn advance(
        &mut self,
        stop: i32,
        net: Option<i128>,
        bound: U256,
        remaining: Remaining,
        fee: u32,
    ) -> Result<Remaining, SwapError> {
        let swap = &mut self.swap;
        let start = swap.sqrt_price_after;
        let stop_price = sqrt_ratio_at_tick(stop);
        let target = match swap.direction {
            Direction::ZeroForOne => stop_price.max(bound),
            Direction::OneForZero => stop_price.min(bound),
        };
        let step = swap_step(swap.direction, start, target, swap.liquidity_after, remaining, fee)?;
        let paid = step.amount_in.checked_add(step.fee).ok_or(MathError::Overflow)?;
        swap.amount_in = swap.amount_in.checked_add(paid).ok_or(MathError::Overflow)?;
        swap.amount_out = swap.amount_out.checked_add(step.amount_out).ok_or(MathError::Overflow)?;
        swap.fee_amount = swap.fee_amount.checked_add(step.fee).ok_or(MathError::Overflow)?;
        swap.sqrt_price_after = step.sqrt_price;
        swap.steps += 1;
        let tick_before = swap.tick_after;
        if step.sqrt_price == stop_price {
            if let Some(net) = net {
                swap.liquidity_after = crossed(swap.liquidity_after, net, swap.direction)?;
                swap.ticks_crossed += 1;
            }
            swap.tick_after = match swap.direction {
                Direction::ZeroForOne => stop - 1,
                Direction::OneForZero => stop,
            };
        } else if step.sqrt_price != start {
            swap.tick_after = tick_within(step.sqrt_price, stop.min(tick_before), stop.max(tick_before + 1));
        }
        match remaining {
            Remaining::In(left) => Ok(Remaining::In(left.checked_sub(paid).ok_or(MathError::Overflow)?)),
            Remaining::Out(left) => Ok(Remaining::Out(left.checked_sub(step.amount_out).ok_or(MathError::Overflow)?)),
        }
    }
}

fn crossed(liquidity: u128, net: i128, direction: Direction) -> Result<u128, SwapError> {
    let enters = match direction {
        Direction::ZeroForOne => net.checked_neg().ok_or(MathError::Overflow)?,
        Direction::OneForZero => net,
    };
    liquidity.checked_add_signed(enters).ok_or(SwapError::BadState("liquidity below zero or above 128 bits at a tick"))
}
