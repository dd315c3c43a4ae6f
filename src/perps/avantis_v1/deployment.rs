//! Where the venue's contracts are.

use alloy::primitives::{Address, address};

/// The venue's contracts on one chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployment {
    /// Takes every transaction of traders and keepers.
    pub trading: Address,
    /// Positions, orders, and the spender of the trader's USDC.
    pub storage: Address,
    /// Parameters of pairs.
    pub pairs: Address,
    /// Spread, rollover, liquidation.
    pub infos: Address,
    /// Fills, closes, liquidations: emits what became of an order.
    pub callbacks: Address,
    /// Takes prices in.
    pub aggregator: Address,
    /// Views for clients.
    pub views: Address,
    /// The collateral.
    pub usdc: Address,
}

impl Deployment {
    /// Base, and so replica and forks (avantis-v1.md §2).
    pub const BASE: Self = Self {
        trading: address!("44914408af82bC9983bbb330e3578E1105e11d4e"),
        storage: address!("8a311D7048c35985aa31C131B9A13e03a5f7422d"),
        pairs: address!("5db3772136e5557EFE028Db05EE95C84D76faEC4"),
        infos: address!("81F22d0Cc22977c91bEfE648C9fddf1f2bd977e5"),
        callbacks: address!("0C16ff40065Cc3Ab4bc55B60E447504AFB9C7970"),
        aggregator: address!("64e2625621970F8cfA17B294670d61CB883dA511"),
        views: address!("7A829c5C97A2Bf8BeFB4b01d96A282E4763848d8"),
        usdc: address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
    };
}
