//! What the rules look at: one account at one block, as plain data.

use std::{fmt, time::Duration};

use alloy::primitives::Address;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::GasFacts;
use crate::{
    chain::BlockRef,
    config::{LoopClass, Thresholds},
    loops::MovingPrice,
    plan::Quantity,
    strategy::Side,
    units::{Secs, UsdE8, Wad},
};

/// An account at one block.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AccountFacts {
    /// Whose it is.
    pub account: Address,
    /// The block that everything was read at.
    pub block: BlockRef,
    /// How long ago this head was first seen, by the monotonic clock.
    pub head_age: Duration,
    /// Aave's health factor; `U256::MAX` without debt.
    pub health_factor: Wad,
    /// The same at the prices of the pools; `None` where no pool trades a loop's pair.
    pub at_pool: Option<Wad>,
    /// The same at the feeds behind Aave's oracle, which it will answer next; `None` where none is readable.
    pub at_feed: Option<Wad>,
    /// The same after the loops' stress shock; `None` without a loop.
    pub at_stress: Option<Wad>,
    /// What the account is called: its collaterals and its debts, `WETH+cbBTC/USDC`.
    pub name: String,
    /// Correlated only when every collateral is correlated with every debt.
    pub class: LoopClass,
    /// Those in force: the strictest of its loops'.
    pub thresholds: Thresholds,
    /// Below this health factor the bounds of the last resort hold; `None` for correlated accounts.
    pub last_resort: Option<Decimal>,
    /// Value of all collateral.
    pub collateral_value: UsdE8,
    /// Value of all debt; zero when it is too little to matter.
    pub debt_value: UsdE8,
    /// Supplies and debts that matter.
    pub holdings: Vec<HoldingFacts>,
    /// What Aave asks for the prices of collaterals and debts that matter.
    pub oracles: Vec<OracleFacts>,
    /// Loops of the journal that owe anything, each with its own share.
    pub loops: Vec<LoopFacts>,
    /// Open perps.
    pub perps: Vec<PerpFacts>,
    /// USDC in the wallet that no plan has claimed.
    pub free_usdc: Decimal,
    /// The key's nonces; `None` for an account that is only watched.
    pub nonce: Option<NonceFacts>,
    /// What there is for gas; `None` for an account that is only watched.
    pub gas: Option<GasFacts>,
}

/// A collateral and a debt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct PairKey {
    /// Collateral token.
    pub collateral: Address,
    /// Debt token.
    pub debt: Address,
    /// `WETH/USDC`.
    pub name: String,
}

impl fmt::Display for PairKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// What the account has in one asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HoldingFacts {
    /// The token's symbol.
    pub symbol: String,
    /// Supplied with interest.
    pub supplied: Quantity,
    /// Owed with interest.
    pub owed: Quantity,
}

/// One loop of the journal: its own share of the account.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LoopFacts {
    /// Which.
    pub pair: PairKey,
    /// Selects the boost levels.
    pub class: LoopClass,
    /// Those given with it.
    pub thresholds: Thresholds,
    /// Collateral with interest.
    pub collateral: Quantity,
    /// Debt with interest.
    pub debt: Quantity,
    /// Value of the collateral.
    pub collateral_value: UsdE8,
    /// Value of the debt.
    pub debt_value: UsdE8,
    /// Whose price the following three are, in what, and which way the loop loses.
    pub moving: MovingPrice,
    /// By Aave's oracle.
    pub price: Decimal,
    /// Where the account's health factor is `trigger`, all else as it is; `None` when no price leads there.
    pub trim_price: Option<Decimal>,
    /// Where it is one.
    pub liquidation_price: Option<Decimal>,
    /// The pool's price of the collateral against the oracle's, basis points; below zero when it is cheaper in the pool.
    pub pool_deviation_bps: Option<i64>,
    /// What the debt costs a year, as a share.
    pub borrow_rate: Decimal,
    /// Supply interest less borrow interest a day, USD.
    pub net_carry_per_day: Decimal,
}

/// A price source of Aave's oracle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OracleFacts {
    /// The token's symbol.
    pub symbol: String,
    /// The contract that is asked.
    pub source: Address,
    /// How old its answer is at the block; `None` where it does not say.
    pub age: Option<Secs>,
    /// How old it may be.
    pub heartbeat: Secs,
}

/// What a venue lets be done in a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MarketStatus {
    /// Everything.
    Open,
    /// Positions can only be closed.
    CloseOnly,
    /// Nothing: a close would be cancelled.
    Paused,
}

/// One perp, whatever the venue. Prices and amounts as people write them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PerpFacts {
    /// Its name in the journal.
    pub id: String,
    /// `ETH/USD`.
    pub market: String,
    /// What the venue lets be done there.
    pub status: MarketStatus,
    /// Direction.
    pub side: Side,
    /// Price of the fill.
    pub entry: Decimal,
    /// Price now.
    pub mark: Decimal,
    /// Its stop; `None` when it has none.
    pub stop: Option<Decimal>,
    /// Margin now, USDC.
    pub margin: Decimal,
    /// Margin after the opening, USDC.
    pub entry_margin: Decimal,
    /// Notional, USDC.
    pub notional: Decimal,
    /// What closing now would bring, after fees; a loss is below zero. USDC.
    pub unrealised: Decimal,
    /// What it can lose: distance of the first stop × notional + fees, at most the margin. USDC, above zero.
    pub max_loss: Decimal,
    /// Where the venue liquidates it.
    pub liquidation: Decimal,
    /// Distance from entry to liquidation when it was opened.
    pub entry_distance: Decimal,
    /// How often its stop was tightened by the guard, by the journal.
    pub guard_uses: u32,
    /// Margin added by the watchdog so far, by the journal. USDC.
    pub topped_up: Decimal,
}

/// Where the key's transactions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NonceFacts {
    /// The next one, by the journal: everything below was signed by us or settled.
    pub expected: u64,
    /// The next one at the block, by the chain.
    pub on_chain: u64,
}
