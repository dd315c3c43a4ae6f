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
        let price = |price: Option<UsdE8>| price.map_or_else(|| "nothing".to_owned(), usd);
        format!("it answers {}, Aave {}", price(self.answer), price(self.oracle))
    }
}

impl fmt::Display for FeedReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { symbol, feed, description, .. } = self;
        let name = if description.is_empty() { String::new() } else { format!("{description} at ") };
        let how = if self.by_ratio { ", by its ratio" } else { "" };
        write!(f, "{symbol} ({name}{feed}{how}): {}", self.figures())?;
        match &self.verdict {
            FeedVerdict::Used => Ok(()),
            FeedVerdict::Idle { standing: FeedStanding::Behind } => f.write_str("; Aave's answer is newer"),
            FeedVerdict::Idle { standing: FeedStanding::Ahead } => f.write_str("; another feed goes before it"),
            FeedVerdict::Dropped { fault } => write!(f, "; not used: {fault}"),
        }
    }
}

/// A price to its last digit.
fn usd(price: UsdE8) -> String {
    format!("{} USD", group_thousands(&price.to_string()))
}
