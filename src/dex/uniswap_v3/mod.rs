//! Uniswap v3: pools, their state, exact replay of swaps, calldata of its router.

pub(crate) mod abi;
pub(super) mod deployment;
pub(super) mod errors;
pub(super) mod key;
pub(super) mod pool;
pub(super) mod pools;
pub(super) mod query;
pub(super) mod reach;
pub(super) mod replay;
#[cfg(test)]
pub(super) mod replay_tests;
pub(super) mod router;
#[cfg(test)]
pub(super) mod router_tests;
pub(super) mod sqrt_price;
pub(super) mod step;
pub(super) mod text;
pub(super) mod tick;
