//! Hands on a local chain: prices, time, money. The same on the replica and on a fork.
//!
//! Promises: a price moves feed and pools in one block and is exact; time moves by exactly what was asked; money comes
//! without touching anybody's nonce. Any node that is not an anvil on chain 8453 is refused before anything is done.
//! Fails with [`LocalChainError`](super::LocalChainError); mining mode and impersonation are put back whatever happens.

mod change;
mod connection;
mod feeds;
mod fund;
mod liquidate;
mod one_block;
mod order;
mod pair_price;
mod price;
mod report;
mod standard;
mod warp;

pub use change::{PriceChange, PriceTarget};
pub use connection::{Controls, LocalKind};
pub(in crate::localchain) use liquidate::strike;
pub use liquidate::{Liquidation, LiquidationReport};
pub use order::BlockOrder;
pub use report::{PoolMoved, PriceMoved, PriceReport, PriceScope};
pub use warp::FeedAge;
