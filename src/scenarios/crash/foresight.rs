//! What a watch on a path knows of the prices to come.

use crate::{config::WatchConfig, dex::WETH, units::UsdE8, watchdog::paths::Step};

/// Which forward prices the watch reads besides the pools'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foresight {
    /// The standard feed that Aave's oracle follows, as on Base and without any setting.
    Feed,
    /// None: `watch.default_feeds` is off.
    PoolsAlone,
}

impl Foresight {
    /// The settings of such a watch. Feeds that they name are of another chain.
    pub(super) fn settings(self, watch: &WatchConfig) -> WatchConfig {
        WatchConfig { default_feeds: self == Self::Feed, feeds: Vec::new(), ..watch.clone() }
    }

    /// The feed's price at a step, where it is read.
    pub(super) fn price(self, step: &Step) -> Option<UsdE8> {
        (self == Self::Feed).then_some(step.of(WETH).feed)
    }
}
