//! What the table shows.

use std::{cmp::Reverse, time::Duration};

use rust_decimal::Decimal;

use super::risk::Risk;
use crate::config::PairPrice;

/// Health factors at which something happens.
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
    /// From the price to the trigger, as a share of the price; of the whole collateral's value where there is no price.
    pub distance: Option<Decimal>,
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountRow {
    /// As people recognise it: a name or a short address.
    pub account: String,
    /// What to know about it, such as `read-only` or `paused`; may be empty.
    pub note: String,
    /// How pressing it is.
    pub risk: Risk,
    /// Opening and adding risk is refused.
    pub paused: bool,
    /// There is a key for it.
    pub can_act: bool,
    /// All its debt on Aave, dollars.
    pub debt: Option<Decimal>,
    /// All its collateral less the debt, dollars.
    pub equity: Option<Decimal>,
    /// How many urgent trims its ether pays for.
    pub gas_trims: Option<Decimal>,
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

impl DecisionRow {
    /// A line about it.
    pub(super) fn line(&self) -> String {
        let Self { block, account, action, reason } = self;
        format!("block {block}  {account}  {action}: {reason}")
    }
}

/// Everything that the table shows at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WatchView {
    /// The network.
    pub network: String,
    /// Nothing is sent.
    pub shadow: bool,
    /// The newest head and how long ago it was evaluated.
    pub head: Option<(u64, Duration)>,
    /// A head older than this is too old to act on.
    pub stale_after: Duration,
    /// In the order of the settings.
    pub accounts: Vec<AccountRow>,
    /// Oldest first.
    pub decisions: Vec<DecisionRow>,
}

/// The most pressing first; of equals the one with the shortest way to its trigger, then the lower health factor, then by
/// name.
pub(super) fn by_risk(accounts: &[AccountRow]) -> Vec<&AccountRow> {
    let mut sorted: Vec<&AccountRow> = accounts.iter().collect();
    let way = |account: &AccountRow| {
        let ways = account.loops.iter().filter_map(|row| row.distance);
        ways.map(|way| way.abs()).min().unwrap_or(Decimal::MAX)
    };
    let health = |account: &AccountRow| account.loops.iter().filter_map(|row| row.health_factor).min();
    sorted.sort_by_cached_key(|account| {
        let health = health(account).unwrap_or(Decimal::MAX);
        (Reverse(account.risk), way(account), health, account.account.clone())
    });
    sorted
}
