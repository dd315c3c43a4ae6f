//! What a watch on a path knows of the prices to come.

use alloy::primitives::Address;

use crate::{config::TokenFeed, units::UsdE8, watchdog::paths::Step};

/// Which forward prices the watch reads besides the pools'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foresight {
    /// The standard feed that Aave's oracle follows, as on Base.
    Feed,
    /// None: the settings name no feed.
    PoolsAlone,
}

impl Foresight {
    /// What the settings of such a watch say about feeds, when the standard one is there.
    pub(super) fn settings(self, standard: Address) -> Vec<TokenFeed> {
        match self {
            Self::Feed => vec![TokenFeed { token: "WETH".to_owned(), feed: standard }],
            Self::PoolsAlone => Vec::new(),
        }
    }

    /// The feed's price at a step, where it is read.
    pub(super) fn price(self, step: &Step) -> Option<UsdE8> {
        (self == Self::Feed).then_some(step.feed)
    }
}
