//! Where Uniswap v3 lives.

use alloy::primitives::{Address, B256, address, b256};

/// Wrapped ether on Base (base-replica.md §1.2).
pub const WETH: Address = address!("4200000000000000000000000000000000000006");
/// Circle's dollar on Base (base-replica.md §1.2).
pub const USDC: Address = address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
/// Tokens that most others have a pool with: the middle of a route of two hops.
pub const HUBS: [Address; 2] = [WETH, USDC];

/// One deployment of Uniswap v3 with its periphery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployment {
    /// Makes the pools; part of every pool's address.
    pub factory: Address,
    /// SwapRouter02, which our swaps call.
    pub router: Address,
    /// QuoterV2; only tests ask it.
    pub quoter: Address,
    /// TickLens, which lists ticks.
    pub tick_lens: Address,
    /// Hash of the pools' creation code; part of every pool's address.
    pub init_code_hash: B256,
}

impl Deployment {
    /// Base, and every replica or fork of it (base-replica.md §1.1).
    pub const BASE: Self = Self {
        factory: address!("33128a8fC17869897dcE68Ed026d694621f6FDfD"),
        router: address!("2626664c2603336E57B271c5C0b26F421741e481"),
        quoter: address!("3d4e44Eb1374240CE5F1B871ab261CD16335B76a"),
        tick_lens: address!("0CdeE061c75D43c82520eD998C23ac2991c9ac6d"),
        init_code_hash: b256!("e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54"),
    };
}

/// Uniswap v3 at its addresses, swapped in through SwapRouter02.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniswapV3(pub Deployment);

impl UniswapV3 {
    /// On Base, and on every replica or fork of it.
    pub const BASE: Self = Self(Deployment::BASE);
}
