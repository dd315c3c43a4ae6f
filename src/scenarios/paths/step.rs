//! One block of a path.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use crate::units::UsdE8;

/// Prices of one asset at one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetPrice {
    /// The feed behind Aave's oracle: the price now.
    pub feed: UsdE8,
    /// What Aave's oracle answers.
    pub oracle: UsdE8,
    /// The price in the pools.
    pub pool: UsdE8,
}

/// The market at one block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// By token.
    pub prices: BTreeMap<Address, AssetPrice>,
    /// Depth of the pools, in hundredths of the account's first debt on each side.
    pub depth: u64,
    /// Growth of debts into this block, parts per billion.
    pub growth: u64,
    /// The best flash source holds nothing.
    pub best_source_empty: bool,
    /// Prices, and the liquidator with them, come before our transaction in this block.
    pub is_price_first: bool,
    /// A reserve from which nothing can be taken, because all of it is lent out.
    pub lent_out: Option<Address>,
    /// What strangers supply on the owner's behalf in this block, smallest unit.
    pub arrivals: Vec<(Address, U256)>,
}

impl Step {
    /// Prices of a token; one dollar where the path has none.
    #[must_use]
    pub fn of(&self, token: Address) -> AssetPrice {
        let dollar = UsdE8(U256::from(100_000_000u64));
        self.prices.get(&token).copied().unwrap_or(AssetPrice { feed: dollar, oracle: dollar, pool: dollar })
    }
}
