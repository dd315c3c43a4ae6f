//! Exchanges: which pools exist, their state at a block, what a swap in them gives, and the best way between two tokens.
//!
//! [`Exchange`] is the door: pool identities, reading, exact replay, router calldata. [`Exchanges`] is the one list of those
//! that have an adapter ([`UniswapV3`]). Pool state is read into the snapshot ([`read_pools`], or probe and query inside a
//! larger batch); from there on everything is pure. [`Pool::sell`] and [`Pool::buy`] replay the pool's own arithmetic with
//! its rounding, so the result equals the chain's to the wei; [`Search`] ranks routes by what is left after gas;
//! [`RouterCall`] is a route as a router is asked for it.
//!
//! Fails with [`SwapError`] rather than with a wrong number: above all when a swap would leave what was read of a pool.

mod absence;
mod exchanges;
mod pool_id;
mod pools;
mod price;
mod protocol;
mod quote;
mod read;
mod route;
mod router_call;
mod search;
mod swap;
pub(crate) mod uniswap_v3;

pub use absence::Absence;
pub use exchanges::Exchanges;
pub use pool_id::{KeyError, PoolId};
pub use pools::Pools;
pub use price::{SpotPrice, deviation_bps, sqrt_price_at};
pub use protocol::{Exchange, Pool, PoolHint, PoolProbe, PoolQuery, PriceProbe};
pub use quote::{GasPrice, Quote, Ranking, Rejected, Rejection};
pub use read::read_pools;
pub use route::{Hop, Route, RouteError};
pub use router_call::{RouterCall, RouterCallError};
pub use search::Search;
pub use swap::{PoolSwap, SwapError};
pub use uniswap_v3::{
    Deployment, Direction, ERRORS, FEE_TIERS, HUBS, KnownRange, MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO, MIN_TICK,
    PoolKey, PoolState, Reach, Swap, USDC, UniswapV3, WETH, sqrt_ratio_at_tick, tick_at_sqrt_ratio,
};
