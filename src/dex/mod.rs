//! Uniswap v3: which pools exist, their state at a block, what a swap in them gives, and the best way between two tokens.
//!
//! Pool state is read into the snapshot ([`read_pools`], or [`PoolQuery`] inside a larger batch); from there on
//! everything is pure. [`PoolState::exact_in`] and [`PoolState::exact_out`] replay the pool's own loop, step by step with
//! its rounding, so the result equals the chain's to the wei; [`Search`] ranks routes by what is left after gas;
//! [`RouterCall`] turns a route into calldata for SwapRouter02 and back.
//!
//! Fails with [`SwapError`] rather than with a wrong number: above all when a swap would leave the ticks that were read.

mod price;
mod quote;
mod route;
mod search;
pub(crate) mod uniswap_v3;

pub use price::{SpotPrice, deviation_bps, sqrt_price_at};
pub use quote::{GasPrice, Quote, Ranking, Rejected, Rejection};
pub use route::{Hop, Route, RouteError};
pub use search::Search;
pub use uniswap_v3::deployment::{Deployment, HUBS, USDC, WETH};
pub use uniswap_v3::errors::ERRORS;
pub use uniswap_v3::key::{FEE_TIERS, KeyError, PoolKey};
pub use uniswap_v3::pool::{Direction, KnownRange, PoolState};
pub use uniswap_v3::pools::{Absence, Pools, keys_between};
pub use uniswap_v3::query::{PoolQuery, PriceQuery, TickHint, TickProbe, read_pools};
pub use uniswap_v3::reach::Reach;
pub use uniswap_v3::replay::{Swap, SwapError};
pub use uniswap_v3::router::{RouterCall, RouterCallError};
pub use uniswap_v3::tick::{
    MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK, sqrt_ratio_at_tick, tick_at_sqrt_ratio,
};
