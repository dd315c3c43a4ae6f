//! A rule that fired, for the journal and for people.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::journal::Severity;

/// Which rule of strategy.md §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// Health factor below `warn`.
    Warn,
    /// Health factor below `trigger`.
    Trigger,
    /// Health factor below `urgent`.
    Urgent,
    /// Health factor below the last resort.
    LastResort,
    /// Health factor below one.
    Liquidatable,
    /// The collateral no longer pays for the debt and for selling it: a trim would lower the health factor.
    Insolvent,
    /// A forward price shows a crossing of the trigger.
    Forward,
    /// After the stress shock the health factor would be below `urgent`.
    Stress,
    /// Collateral and debt both shrank without an action of ours: a liquidation, or the owner elsewhere.
    Changed,
    /// Health factor above the boost level.
    Boost,
    /// The user's stop-loss price of a loop.
    StopLoss,
    /// The user's take-profit price of a loop.
    TakeProfit,
    /// The borrow rate's limit.
    BorrowRate,
    /// The limit of what carrying a loop costs.
    Carry,
    /// A perp lost most of what it may.
    LossGuard,
    /// The mark is beyond a perp's stop, and the perp is still open.
    StopMissed,
    /// A perp is near its liquidation.
    LiquidationDistance,
    /// The venue pauses a market, or lets positions only be closed.
    MarketStatus,
    /// No new head.
    StaleHead,
    /// An answer of Aave's oracle is older than its heartbeat.
    OldOracle,
    /// Somebody else used the key.
    NonceMoved,
    /// A figure does not fit the arithmetic.
    Unfit,
    /// The account's ether pays for few trims.
    Gas,
    /// The account's ether pays for no trim.
    NoGas,
    /// The base fee is above what an urgent trim may pay.
    FeeCeiling,
}

impl Rule {
    /// As the journal spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Trigger => "trigger",
            Self::Urgent => "urgent",
            Self::LastResort => "last-resort",
            Self::Liquidatable => "liquidatable",
            Self::Insolvent => "insolvent",
            Self::Forward => "forward",
            Self::Stress => "stress",
            Self::Changed => "changed",
            Self::Boost => "boost",
            Self::StopLoss => "stop-loss",
            Self::TakeProfit => "take-profit",
            Self::BorrowRate => "borrow-rate",
            Self::Carry => "carry",
            Self::LossGuard => "loss-guard",
            Self::StopMissed => "stop-missed",
            Self::LiquidationDistance => "liquidation-distance",
            Self::MarketStatus => "market-status",
            Self::StaleHead => "stale-head",
            Self::OldOracle => "old-oracle",
            Self::NonceMoved => "nonce-moved",
            Self::Unfit => "unfit",
            Self::Gas => "gas",
            Self::NoGas => "no-gas",
            Self::FeeCeiling => "fee-ceiling",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A rule that fired.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Firing {
    /// Which.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The loop, perp or source it is about; the account's own are empty.
    pub subject: String,
    /// In words, with both figures.
    pub reason: String,
    /// What it was decided on.
    pub inputs: Value,
}
