//! What the table shows.

use rust_decimal::Decimal;

use crate::config::PairPrice;

/// Health factors that the bar marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// The loop is trimmed below this …
    pub trigger: Decimal,
    /// … to this.
    pub target: Decimal,
}

/// One loop at the newest head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopRow {
    /// Such as `WETH/USDC`.
    pub pair: String,
    /// `None` without debt.
    pub health_factor: Option<Decimal>,
    /// Its thresholds.
    pub marks: Marks,
    /// What the prices are.
    pub of: PairPrice,
    /// Oracle price now.
    pub price: Option<Decimal>,
    /// Price at which it is trimmed.
    pub trim_price: Option<Decimal>,
    /// Price at which it can be liquidated.
    pub liquidation_price: Option<Decimal>,
}

/// One perp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerpRow {
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Long, else short.
    pub is_long: bool,
    /// Leverage.
    pub leverage: Decimal,
    /// Margin, USDC.
    pub margin: Decimal,
    /// Unrealised result, USDC.
    pub pnl: Decimal,
    /// Price at which the venue liquidates it.
    pub liquidation_price: Option<Decimal>,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// As people recognise it: a name or a short address.
    pub account: String,
    /// What to know about it, such as `read-only` or `paused`; may be empty.
    pub note: String,
    /// Its loops.
    pub loops: Vec<LoopRow>,
    /// Its perps.
    pub perps: Vec<PerpRow>,
}

/// One decision of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// The head it was taken at.
    pub block: u64,
    /// Whose.
    pub account: String,
    /// What, such as `trim WETH/USDC`.
    pub action: String,
    /// Why, with the figures.
    pub reason: String,
}
