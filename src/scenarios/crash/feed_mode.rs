//! What a watch on a path knows of the prices to come.

use std::collections::BTreeMap;

use crate::{
    config::WatchConfig,
    scenarios::paths::{AssetPrice, Step},
};

/// Which forward prices the watch reads besides the pools'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedMode {
    /// The standard feeds that Aave's oracle follows, as on Base and without any setting.
    Feed,
    /// None: `watch.default_feeds` is off.
    PoolsAlone,
}

impl FeedMode {
    /// The settings of such a watch. Feeds that they name are of another chain.
    pub(super) fn settings(self, watch: &WatchConfig) -> WatchConfig {
        WatchConfig { default_feeds: self == Self::Feed, feeds: Vec::new(), ..watch.clone() }
    }

    /// A step as such a watch can see it: without feeds, they say what the oracle says.
    pub(super) fn seen(self, step: &Step) -> Step {
        if self == Self::Feed {
            return step.clone();
        }
        let blind = |price: &AssetPrice| AssetPrice { feed: price.oracle, ..*price };
        let prices: BTreeMap<_, _> = step.prices.iter().map(|(token, price)| (*token, blind(price))).collect();
        Step { prices, ..step.clone() }
    }
}
