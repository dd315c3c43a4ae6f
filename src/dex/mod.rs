//! Uniswap v3: which pools exist, their state at a block, what a swap in them gives, and the best way between two tokens.
//!
//! Pool state is read into the snapshot ([`read_pools`], or [`PoolQuery`] inside a larger batch); from there on
//! everything is pure. [`PoolState::exact_in`] and [`PoolState::exact_out`] replay the pool's own loop, step by step with
//! its rounding, so the result equals the chain's to the wei; [`Search`] ranks routes by what is left after gas;
//! [`RouterCall`] turns a route into calldata for SwapRouter02 and back.
//!
//! Fails with [`SwapError`] rather than with a wrong number: above all when a swap would leave the ticks that were read.

pub(crate) mod abi;
mod deployment;
mod errors;
mod key;
mod pool;
mod pools;
mod price;
mod query;
mod quote;
mod reach;
mod replay;
#[cfg(test)]
mod replay_tests;
mod route;
mod router;
#[cfg(test)]
mod router_tests;
mod search;
mod sqrt_price;
mod step;
mod text;
mod tick;

pub use deployment::{Deployment, HUBS, USDC, WETH};
pub use errors::ERRORS;
pub use key::{FEE_TIERS, KeyError, PoolKey};
pub use pool::{Direction, KnownRange, PoolState};
pub use pools::{Absence, Pools, keys_between};
pub use price::{SpotPrice, deviation_bps, sqrt_price_at};
pub use query::{PoolQuery, PriceQuery, TickHint, TickProbe, read_pools};
pub use quote::{GasPrice, Quote, Ranking, Rejected, Rejection};
pub use reach::Reach;
pub use replay::{Swap, SwapError};
pub use route::{Hop, Route, RouteError};
pub use router::{RouterCall, RouterCallError};
pub use search::Search;
pub use tick::{MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio};
