//! Where the market's contracts are.

use alloy::primitives::{Address, address};
use serde::{Deserialize, Serialize};

/// Addresses of one Aave v3 market. They are checked against the registry when the reserve list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// `PoolAddressesProvider`, the registry.
    pub addresses_provider: Address,
    /// The pool.
    pub pool: Address,
    /// `AaveOracle`.
    pub oracle: Address,
}

impl Deployment {
    /// Aave v3 on Base (base-replica.md §1.1).
    pub const BASE: Self = Self {
        addresses_provider: address!("e20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D"),
        pool: address!("A238Dd80C259a72e81d7e4664a9801593F98d1c5"),
        oracle: address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156"),
    };
}
