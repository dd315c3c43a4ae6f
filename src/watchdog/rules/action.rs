//! What the rules want done.

use std::fmt;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PairKey;
use crate::units::Wad;

/// How much is at stake in a trim; selects the column of bounds in strategy.md §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pressure {
    /// Between `urgent` and `trigger`.
    Trim,
    /// Below `urgent`.
    Urgent,
    /// Liquidation is next: its bonus is the measure.
    LastResort,
}

impl Pressure {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trim => "trim",
            Self::Urgent => "urgent",
            Self::LastResort => "last-resort",
        }
    }

    /// The next wider bounds, if there are any.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Trim => Some(Self::Urgent),
            Self::Urgent => Some(Self::LastResort),
            Self::LastResort => None,
        }
    }
}

impl fmt::Display for Pressure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A deleverage of the account; what is sold and repaid for it is for the plan to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AccountTrim {
    /// What the account is called.
    pub account: String,
    /// The account's health factor afterwards, on the oracle's prices.
    pub target: Wad,
    /// Bounds and fees.
    pub pressure: Pressure,
    /// The feeds behind the oracle count: the bound against the oracle is wider by what they stand lower, the bound against the
    /// quote is not.
    pub by_feed: bool,
    /// Aave's oracle does not show the crossing yet, the feed behind it does.
    pub ahead: bool,
}

impl Action {
    /// As journal and figures spell it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SwitchRpc => "switch-rpc",
            Self::ResyncNonce { .. } => "resync-nonce",
            Self::Arm(_) => "arm",
            Self::Trim(_) => "trim",
            Self::Exit { .. } => "exit",
            Self::TightenStop { .. } => "tighten-stop",
            Self::TopUpMargin { .. } => "top-up",
            Self::Boost { .. } => "boost",
        }
    }
}

/// Where a loop goes when its price exit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExitTo {
    /// Nothing is left.
    Closed,
    /// This leverage.
    Leverage(Decimal),
}

/// Something to do. Each is journaled with the firing that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "action")]
#[non_exhaustive]
pub enum Action {
    /// Ask other endpoints for a head.
    SwitchRpc,
    /// Take the chain's nonce as ours; plans that lean on the old one are void.
    ResyncNonce {
        /// The chain's next nonce.
        nonce: u64,
    },
    /// Fetch, plan and simulate this trim, sign nothing.
    Arm(AccountTrim),
    /// Deleverage.
    Trim(AccountTrim),
    /// Leave a loop at the user's price.
    Exit {
        /// Which loop.
        pair: PairKey,
        /// Where to.
        to: ExitTo,
    },
    /// Move a perp's stop nearer.
    TightenStop {
        /// Which perp.
        perp: String,
        /// The new stop.
        stop: Decimal,
    },
    /// Add margin to a perp.
    TopUpMargin {
        /// Which perp.
        perp: String,
        /// USDC.
        amount: Decimal,
    },
    /// Lever up again.
    Boost {
        /// Which loop.
        pair: PairKey,
        /// The account's health factor afterwards.
        target: Wad,
    },
}
