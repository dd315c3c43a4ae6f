//! How an order's life ended.

use serde::{Deserialize, Serialize};

use super::TradeFill;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum MarketOutcome {
    /// It was filled.
    Filled(Box<TradeFill>),
    /// Its nonce is used and nobody told how: positions and logs tell what it did.
    Executed,
    /// The venue took it and refused to fill it.
    Cancelled {
        /// Why, where it was said.
        reason: Option<String>,
    },
    /// The service never took it.
    Rejected {
        /// Why.
        reason: String,
    },
    /// The service took it and gave up.
    Failed {
        /// Why.
        reason: String,
    },
    /// Its deadline went by on chain and its nonce is unused: it can never be executed.
    Expired,
}

/// When the same may be ordered again with a new nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Renewal {
    /// Not for this purpose: it was done.
    Done,
    /// At once.
    AtOnce,
    /// When the chain's time is past the deadline and the nonce is unused: until then whoever holds the signature can still have it
    /// executed.
    AfterDeadline,
}

impl MarketOutcome {
    /// When the same may be ordered again.
    #[must_use]
    pub const fn renewal(&self) -> Renewal {
        match self {
            Self::Filled(_) | Self::Executed => Renewal::Done,
            Self::Cancelled { .. } | Self::Expired => Renewal::AtOnce,
            Self::Rejected { .. } | Self::Failed { .. } => Renewal::AfterDeadline,
        }
    }
}
