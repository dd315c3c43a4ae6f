//! One step of a swap: as far as the next price of interest, or as far as the amount goes (v3-core `SwapMath`).

use alloy::primitives::U256;

use super::{
    pool::Direction,
    sqrt_price::{
        after_token0_in, after_token0_out, after_token1_in, after_token1_out, amount0_down, amount0_up, amount1_down,
        amount1_up,
    },
};
use crate::dex::pool_id::ONE_PIPS;
use crate::units::{MathError, mul_div_down, mul_div_up};

/// What is still to be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dex) enum Remaining {
    /// Input, fee included.
    In(U256),
    /// Output.
    Out(U256),
}

impl Remaining {
    pub(in crate::dex) fn amount(self) -> U256 {
        match self {
            Self::In(amount) | Self::Out(amount) => amount,
        }
    }
}

/// What a step moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dex) struct Step {
    pub(in crate::dex) sqrt_price: U256,
    /// Input without the fee.
    pub(in crate::dex) amount_in: U256,
    pub(in crate::dex) amount_out: U256,
    pub(in crate::dex) fee: U256,
}

/// Swaps from `price` to `target` at most, at constant liquidity; `fee` in hundredths of a basis point, below 100 %.
pub(in crate::dex) fn swap_step(
    direction: Direction,
    price: U256,
    target: U256,
    liquidity: u128,
    remaining: Remaining,
    fee: u32,
) -> Result<Step, MathError> {
    let whole = U256::from(ONE_PIPS);
    let kept = U256::from(ONE_PIPS.checked_sub(fee).ok_or(MathError::Overflow)?);
    let sqrt_price = match remaining {
        Remaining::In(amount) => {
            let without_fee = mul_div_down(amount, kept, whole)?;
            if without_fee >= input(direction, price, target, liquidity)? {
                target
            } else {
                match direction {
                    Direction::ZeroForOne => after_token0_in(price, liquidity, without_fee)?,
                    Direction::OneForZero => after_token1_in(price, liquidity, without_fee)?,
                }
            }
        }
        Remaining::Out(amount) => {
            if amount >= output(direction, price, target, liquidity)? {
                target
            } else {
                match direction {
                    Direction::ZeroForOne => after_token1_out(price, liquidity, amount)?,
                    Direction::OneForZero => after_token0_out(price, liquidity, amount)?,
                }
            }
        }
    };
    let amount_in = input(direction, price, sqrt_price, liquidity)?;
    let amount_out = output(direction, price, sqrt_price, liquidity)?;
    match remaining {
        // Short of the target, all that is left of the input is fee.
        Remaining::In(amount) if sqrt_price != target => {
            let fee = amount.checked_sub(amount_in).ok_or(MathError::Overflow)?;
            Ok(Step { sqrt_price, amount_in, amount_out, fee })
        }
        Remaining::In(_) => Ok(Step { sqrt_price, amount_in, amount_out, fee: fee_on(amount_in, fee, kept)? }),
        Remaining::Out(amount) => {
            let amount_out = amount_out.min(amount);
            Ok(Step { sqrt_price, amount_in, amount_out, fee: fee_on(amount_in, fee, kept)? })
        }
    }
}

fn fee_on(amount_in: U256, fee: u32, kept: U256) -> Result<U256, MathError> {
    mul_div_up(amount_in, U256::from(fee), kept)
}

fn input(direction: Direction, from: U256, to: U256, liquidity: u128) -> Result<U256, MathError> {
    match direction {
        Direction::ZeroForOne => amount0_up(from, to, liquidity),
        Direction::OneForZero => amount1_up(from, to, liquidity),
    }
}

fn output(direction: Direction, from: U256, to: U256, liquidity: u128) -> Result<U256, MathError> {
    match direction {
        Direction::ZeroForOne => amount1_down(from, to, liquidity),
        Direction::OneForZero => amount0_down(from, to, liquidity),
    }
}
