//! What a swap in one pool comes to, and why it may come to nothing.

use alloy::primitives::U256;

use crate::units::MathError;

/// A swap in one pool, replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSwap {
    /// Taken from the payer, fee included; smallest units.
    pub amount_in: U256,
    /// Given to the recipient; smallest units.
    pub amount_out: U256,
    /// The part of the input that is fee, hundredths of a basis point, rounded up.
    pub fee_pips: u32,
    /// What the swap loses against the spot price before it, the fee not counted, hundredths of a basis point, rounded up.
    pub price_impact_pips: u32,
    /// Gas through the exchange's router, an estimate by which routes are compared.
    pub gas: u64,
}

/// Why a swap has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwapError {
    /// The pool refuses an amount of zero.
    #[error("the amount to swap is zero")]
    ZeroAmount,
    /// The pool's arithmetic does not hold the amount.
    #[error("amount {0} is larger than a pool can count")]
    AmountTooLarge(U256),
    /// The limit is not beyond the price in the direction of the swap.
    #[error("price limit {limit} is not on the swap's side of the square root price {sqrt_price}")]
    PriceLimit {
        /// Limit that was asked for, Q64.96.
        limit: U256,
        /// The pool's price, Q64.96.
        sqrt_price: U256,
    },
    /// The swap goes on beyond the ticks that were read: its result is not known.
    #[error(
        "the swap leaves the known ticks {low} to {high} of the pool after {amount_in} in and {amount_out} out; \
         read a wider range or swap less"
    )]
    LeavesKnownRange {
        /// Lowest tick that was read.
        low: i32,
        /// Highest tick that was read.
        high: i32,
        /// Input that was used up to there, fee included.
        amount_in: U256,
        /// Output up to there.
        amount_out: U256,
    },
    /// The whole pool does not hold enough for the swap.
    #[error("the pool's liquidity ends after {amount_in} in and {amount_out} out")]
    NotEnoughLiquidity {
        /// Input that it can take, fee included.
        amount_in: U256,
        /// Output that it can give.
        amount_out: U256,
    },
    /// The state contradicts itself (a price outside its bounds, liquidity below zero): read it again.
    #[error("the pool's state contradicts itself: {0}")]
    BadState(&'static str),
    /// The contract's arithmetic does not hold the numbers.
    #[error(transparent)]
    Math(#[from] MathError),
}
