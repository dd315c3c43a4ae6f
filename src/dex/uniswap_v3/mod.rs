//! Uniswap v3: pools, their state, exact replay of swaps, calldata of its router.
//!
//! [`PoolState::exact_in`] and [`PoolState::exact_out`] replay the pool's own loop step by step.

pub(crate) mod abi;
mod deployment;
mod errors;
mod exchange;
mod key;
mod path;
mod pool;
mod query;
mod reach;
mod replay;
#[cfg(test)]
mod replay_tests;
mod router;
#[cfg(test)]
mod router_tests;
mod sqrt_price;
mod step;
mod text;
mod tick;

pub use deployment::{Deployment, HUBS, USDC, UniswapV3, WETH};
pub use errors::ERRORS;
pub use key::{FEE_TIERS, PoolKey};
pub use pool::{Direction, KnownRange, PoolState};
pub use reach::Reach;
pub use replay::Swap;
pub use tick::{MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio};
