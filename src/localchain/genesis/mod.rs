//! The recipe: one file a stage, in the order in which the stages need each other (base-replica.md §3).
//!
//! Promises: every contract ends at its real Base address, checked where the address comes about by itself; the same
//! inputs give the same accounts, bit for bit, because time, order and senders are fixed.
//! Fails with the call that reverted; nothing is retried, a half-built chain is thrown away.
//!
//! A further protocol is a further file here and, after the others, a further stage in `recipe`.

mod aave;
mod addresses;
mod avantis;
mod avantis_pairs;
mod avantis_v2;
mod deployer;
mod feeds;
mod liquidity;
mod morpho;
mod onedelta;
mod recipe;
mod reserves;
mod tokens;
mod uniswap;

pub(crate) use addresses::{
    AAVE_ORACLE, AVANTIS_EXECUTE, AVANTIS_MULTICALLS, AVANTIS_PAIR_INFOS, AVANTIS_PAIR_STORAGE,
    AVANTIS_PRICE_AGGREGATOR, AVANTIS_REFERRAL, AVANTIS_STORAGE, AVANTIS_TRADING, MORPHO, POOL, POSITION_MANAGER,
    SWAP_ROUTER, WETH,
};
pub(crate) use deployer::Deployer;
pub use onedelta::Composer;
pub(crate) use onedelta::fetch_composer;
pub(crate) use recipe::{GENESIS_TIME, SOURCES, build};
