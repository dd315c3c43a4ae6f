//! What came of a feed at a head.

use std::fmt;

use alloy::primitives::Address;
use serde::Serialize;

use super::{FeedFault, FeedStanding};
use crate::{
    config::FeedOrigin,
    units::{UsdE8, group_thousands},
};

/// A feed of a token at a head, with both figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedReading {
    /// The token.
    pub token: Address,
    /// Its symbol.
    pub symbol: String,
    /// The feed.
    pub feed: Address,
    /// Why it is asked.
    pub origin: FeedOrigin,
    /// What it says it is; empty where it says nothing.
    pub description: String,
    /// Aave's price of the token is a ratio to the feed's asset: `answer` is what Aave answers when the asset moves to the
    /// feed's price.
    pub by_ratio: bool,
    /// The price of the token by the feed, where it answered one.
    pub answer: Option<UsdE8>,
    /// Aave's price.
    pub oracle: Option<UsdE8>,
    /// What became of it.
    pub verdict: FeedVerdict,
}

/// What became of a feed at a head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum FeedVerdict {
    /// It is the price that Aave answers next.
    Used,
    /// It is plausible, and not used: Aave's answer is newer, or another feed of the token goes before it.
    Idle {
        /// Where it stands.
        standing: FeedStanding,
    },
    /// It is not used.
    Dropped {
        /// Why.
        #[serde(flatten)]
        fault: FeedFault,
    },
}

impl FeedReading {
    /// Why it was dropped; `None` when it is plausible.
    #[must_use]
    pub const fn fault(&self) -> Option<&FeedFault> {
        match &self.verdict {
            FeedVerdict::Dropped { fault } => Some(fault),
            FeedVerdict::Used | FeedVerdict::Idle { .. } => None,
        }
    }

    /// What to do about a feed that was dropped.
    #[must_use]
    pub fn fix(&self) -> Option<&'static str> {
        self.fault().map(|fault| fault.fix(self.origin == FeedOrigin::Named))
    }

    /// Both figures in words.
    #[must_use]
    pub fn figures(&self) -> String {
        let price = |price: Option<UsdE8>| price.map_or_else(|| "no price".to_owned(), usd);
        format!("{}, Aave {}", price(self.answer), price(self.oracle))
    }
}

impl FeedReading {
    /// The token, both figures and what became of it, without the feed's name.
    #[must_use]
    pub fn summary(&self) -> String {
        let how = if self.by_ratio { " by its ratio" } else { "" };
        let verdict = match &self.verdict {
            FeedVerdict::Used => String::new(),
            FeedVerdict::Idle { standing: FeedStanding::Behind } => " (Aave's answer is newer)".to_owned(),
            FeedVerdict::Idle { standing: FeedStanding::Ahead } => " (another feed goes before it)".to_owned(),
            FeedVerdict::Dropped { fault } => format!(" (not used: {fault})"),
        };
        format!("{}{how}: {}{verdict}", self.symbol, self.figures())
    }
}

impl fmt::Display for FeedReading {
    /// The same with the feed's name and address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feed, description, .. } = self;
        let name = if description.is_empty() { String::new() } else { format!("{description}, ") };
        write!(f, "{} [{name}{feed}]", self.summary())
    }
}

/// A price to its last digit.
fn usd(price: UsdE8) -> String {
    format!("{} USD", group_thousands(&price.to_string()))
}
