//! Pairs that can be looped on the replica.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::collections::BTreeSet;

/// What Aave's own rules leave, of base-replica.md §2: six collaterals outside e-modes against the five that can be borrowed
/// there, and against wstETH in the e-modes of others that lend it; the e-modes' own pairs. ezETH, tBTC and USDbC are frozen.
const OUTSIDE: [&str; 6] = ["WETH", "cbETH", "wstETH", "USDC", "weETH", "cbBTC"];
const BORROWED: [&str; 6] = ["WETH", "USDC", "cbBTC", "GHO", "EURC", "wstETH"];
const E_MODES_ONLY: [&str; 12] = [
    "LBTC/cbBTC",
    "LBTC/USDC",
    "LBTC/GHO",
    "wrsETH/WETH",
    "wrsETH/wstETH",
    "wrsETH/USDC",
    "syrupUSDC/USDC",
    "syrupUSDC/GHO",
    "AAVE/USDC",
    "AAVE/GHO",
    "EURC/USDC",
    "EURC/GHO",
];

/// `COLLATERAL/DEBT` of each.
pub fn allowed() -> BTreeSet<String> {
    let outside = OUTSIDE.iter().flat_map(|collateral| {
        BORROWED.iter().filter(move |debt| *debt != collateral).map(move |debt| format!("{collateral}/{debt}"))
    });
    outside.chain(E_MODES_ONLY.map(str::to_owned)).collect()
}
