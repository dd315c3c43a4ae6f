//! What is wrong with a feed.

use alloy::primitives::Address;
use serde::Serialize;

use crate::units::Secs;

/// Why a feed is not used at a head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "fault")]
#[non_exhaustive]
pub enum FeedFault {
    /// Nothing at the address answers as a feed does: no contract, or another one.
    #[error("nothing there answers as a price feed does (is there a contract?)")]
    Silent,
    /// Its calls revert.
    #[error("its calls revert")]
    Reverts,
    /// Even a call that asks nothing else fails as a whole.
    #[error("a call that asks it fails as a whole: it uses up the gas, or answers without end")]
    Harmful,
    /// It was not asked at this head.
    #[error("it was not asked at this head")]
    Unheard,
    /// By its own words it does not answer US dollars.
    #[error("it calls itself `{description}`, which is not a price in US dollars")]
    Currency {
        /// Its description.
        description: String,
    },
    /// By its own words it is of another asset.
    #[error("it calls itself `{description}`, which is not the price of {token}")]
    Asset {
        /// Its description.
        description: String,
        /// The token that it was named for.
        token: String,
    },
    /// Its answer is no price: zero, less, or too large.
    #[error("its answer {answer} (with {decimals} decimals) is no price")]
    NoPrice {
        /// The answer.
        answer: String,
        /// Its decimals.
        decimals: u8,
    },
    /// Its newest round has no answer yet.
    #[error("its newest round has no answer yet")]
    Incomplete,
    /// Its answer is of a time that has not come.
    #[error("its answer is of {ahead} s after this block")]
    Future {
        /// Seconds after the block.
        ahead: u64,
    },
    /// Its answer is older than it may be, and older than Aave's.
    #[error("its answer is {} s old, {} s are allowed (watch.heartbeat), and Aave's is newer", .age.0, .most.0)]
    Old {
        /// Its age at the block.
        age: Secs,
        /// How old it may be.
        most: Secs,
    },
    /// Its answer is so far from Aave's price that it cannot be of the same thing.
    #[error("its answer is not between half and double of Aave's price: wrong unit, decimals or token?")]
    Factor,
    /// Aave has no price to hold it against.
    #[error("Aave has no price of {token} to hold it against")]
    NoReference {
        /// The token.
        token: String,
    },
    /// The feed that Aave's price of the token is a ratio to does not answer as one.
    #[error("Aave's price of {token} is a ratio to {base}, which does not answer as a price feed does")]
    Base {
        /// The token.
        token: String,
        /// The feed that Aave's source names.
        base: Address,
    },
    /// Aave's price of the token is no ratio, so the feed of another asset says nothing about it.
    #[error("Aave's source for {token} is no ratio to another feed")]
    NoRatio {
        /// The token.
        token: String,
    },
    /// Aave asks another source for the token than when the watch began.
    #[error("Aave's source for {token} is another one than when the watch began")]
    SourceMoved {
        /// The token.
        token: String,
    },
}

impl FeedFault {
    /// What the user can do about it.
    #[must_use]
    pub const fn fix(&self, is_named: bool) -> &'static str {
        match (self, is_named) {
            (Self::SourceMoved { .. }, _) => "start the watch anew",
            (Self::Base { .. } | Self::NoRatio { .. }, _) => "name a feed of the token itself in watch.feeds",
            (Self::Old { .. } | Self::Incomplete | Self::Future { .. } | Self::NoReference { .. }, true) => {
                "nothing has to be done if it recovers; else name another feed in watch.feeds, or none"
            }
            (_, true) => "name the token's feed in US dollars in watch.feeds, or take the entry out",
            (_, false) => "name another feed in watch.feeds, or set watch.default_feeds = false",
        }
    }
}
