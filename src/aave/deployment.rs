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

    /// Coins of a currency that Aave lists on Base, in the order of their ids: USDbC, USDC, GHO, EURC, syrupUSDC
    /// (base-replica.md §1.2).
    pub const CURRENCY_COINS: [Address; 5] = [
        address!("d9aAEc86B65D86f6A7B5B1b0c42FFA531710b6CA"),
        address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
        address!("6Bb7a212910682DCFdbd5BCBb3e28FB4E8da10Ee"),
        address!("60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42"),
        address!("660975730059246A68521a3e2FBD4740173100f5"),
    ];
}
