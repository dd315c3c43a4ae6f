//! What of a price is to move, and what a move did.

use alloy::primitives::{Address, U256};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    chain::BlockRef,
    units::{Raw, Secs, Usd},
};

/// What of a price moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PriceScope {
    /// Feed and pools.
    #[default]
    Everything,
    /// Only the feeds: pools stay behind, as in a fast market.
    FeedOnly,
    /// Only the pools: feeds and oracle stay behind.
    PoolsOnly,
}

/// What a price change did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PriceReport {
    /// The block in which all of it happened.
    pub block: BlockRef,
    /// Assets whose price changed: the one named and those whose feed hangs on it.
    pub prices: Vec<PriceMoved>,
    /// Standard feeds that moved, which Aave's oracle follows.
    pub standard_feeds: Vec<PriceMoved>,
    /// When Aave's oracle follows them; `None` when it moved in the same block.
    pub oracle_follows_at: Option<Secs>,
    /// Pools that were pushed.
    pub pools: Vec<PoolMoved>,
}

/// One asset's price.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PriceMoved {
    /// The asset.
    pub asset: String,
    /// Dollars before, 8 decimals.
    #[serde(with = "Usd")]
    pub before: U256,
    /// Dollars after, 8 decimals.
    #[serde(with = "Usd")]
    pub after: U256,
}

/// One pool's price.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PoolMoved {
    /// Tokens and fee, such as `WETH/USDC/500`.
    pub name: String,
    /// The pool.
    pub address: Address,
    /// Tick before.
    pub tick_before: i32,
    /// Tick after.
    pub tick_after: i32,
    /// `sqrtPriceX96` after.
    #[serde(with = "Raw")]
    pub sqrt_price: U256,
}
