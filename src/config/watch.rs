//! Section `watch`: what the watchdog does, beyond the thresholds (strategy.md §5).

use std::{collections::BTreeSet, time::Duration};

use alloy::primitives::Address;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    FeedInUse, LoopClass, LoopExit, SellConfig, Thresholds, ThresholdsConfig, TokenFeed, WalletUse, WatchKey, feeds,
    values, watch_keys,
};
use crate::units::Secs;

/// Three of Base's blocks and a round trip: with less, heads that come as they should would not be acted upon.
const SHORTEST_STALENESS: Duration = Duration::from_millis(800);

/// Rules of the watchdog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// Accounts that are watched besides those of the flags; without a key they are only looked at.
    pub accounts: Vec<Address>,
    /// Time without a new head, by the monotonic clock, after which the head is not acted upon.
    #[serde(with = "values::duration")]
    pub stale_after: Duration,
    /// How far above a threshold the health factor must come before its next crossing is told again.
    #[serde(with = "values::decimal")]
    pub recovery: Decimal,
    /// Equity of an account, USD, above which a live network asks for a passed drill first.
    #[serde(with = "values::decimal")]
    pub max_equity: Decimal,
    /// What may be sold to protect an account.
    pub sell: SellConfig,
    /// Which tokens of the wallet may be used to protect an account.
    pub use_wallet: WalletUse,
    /// Trims before Aave's oracle answers, when the feed behind it already shows a health factor below `trigger`.
    pub act_on_feed: bool,
    /// How old an answer of Aave's oracle may be.
    pub heartbeat: Heartbeats,
    /// Levering up again.
    pub boost: BoostConfig,
    /// The stop of a losing perp.
    pub loss_guard: LossGuardConfig,
    /// Perps near their liquidation.
    pub top_up: TopUpConfig,
    /// What interest may cost.
    pub carry: CarryConfig,
    /// Stop-loss and take-profit of loops.
    pub exits: Vec<LoopExit>,
    /// Asks the standard feeds of ether and bitcoin on Base, which the sources of Aave's oracle follow.
    pub default_feeds: bool,
    /// Other feeds that answer before Aave's oracle does; one of a token goes before its standard feed.
    pub feeds: Vec<TokenFeed>,
    /// Trims that an account's ether should pay for; below it is an alert.
    pub gas_trims: u32,
    /// Whether the journal's samples are thinned as they grow old; otherwise all are kept.
    pub thin_samples: bool,
    /// Keys that the watch acts with, besides those of the flags.
    pub keys: Vec<WatchKey>,
}

/// Ages after which an oracle's answer is old: the feed's own heartbeat with a quarter of an hour or less on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeats {
    /// Feeds of what moves, such as ether and bitcoin.
    pub volatile: Secs,
    /// Feeds of coins that follow a currency.
    pub stable: Secs,
    /// Feeds of exchange rates, the collateral of correlated loops.
    pub correlated: Secs,
}

/// Levering up again after a rise. Off by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoostConfig {
    /// Whether it is done at all.
    pub enabled: bool,
    /// Time after a trim in which nothing is levered up.
    #[serde(with = "values::duration")]
    pub pause: Duration,
    /// Of volatile loops.
    pub volatile: BoostLevels,
    /// Of correlated loops.
    pub correlated: BoostLevels,
}

/// From where to where, as health factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoostLevels {
    /// Lever up above this …
    #[serde(with = "values::decimal")]
    pub above: Decimal,
    /// … to this.
    #[serde(with = "values::decimal")]
    pub target: Decimal,
}

impl BoostConfig {
    /// The levels of a class.
    #[must_use]
    pub const fn of(&self, class: LoopClass) -> BoostLevels {
        match class {
            LoopClass::Volatile => self.volatile,
            LoopClass::Correlated => self.correlated,
        }
    }
}

/// Tightening the stop of a perp that has lost most of what it may. Shares are of its greatest loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossGuardConfig {
    /// Whether it is done.
    pub enabled: bool,
    /// Acts when this share is lost.
    #[serde(with = "values::decimal")]
    pub at: Decimal,
    /// Armed again when the loss is below this share.
    #[serde(with = "values::decimal")]
    pub rearm: Decimal,
    /// Most times per position.
    pub max: u32,
}

/// Perps that come near their liquidation. Shares are of the distance at entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopUpConfig {
    /// Alerts when this share of the distance is left.
    #[serde(with = "values::decimal")]
    pub alert_at: Decimal,
    /// Whether margin is added then.
    pub enabled: bool,
    /// The share of the distance that margin is added for.
    #[serde(with = "values::decimal")]
    pub restore: Decimal,
    /// Most margin added to one position over its life, USDC.
    #[serde(with = "values::decimal")]
    pub cap: Decimal,
}

/// Limits on interest; unset is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarryConfig {
    /// Alert when borrowing costs more a year, as a share of the debt.
    #[serde(with = "values::optional_decimal")]
    pub max_borrow_rate: Option<Decimal>,
    /// Alert when interest paid less interest earned is more a year, as a share of the loop's equity.
    #[serde(with = "values::optional_decimal")]
    pub max_cost: Option<Decimal>,
}

impl WatchConfig {
    /// What is wrong with the section, beside these thresholds, as (key, reason).
    pub(super) fn problem(&self, thresholds: &ThresholdsConfig) -> Option<(&'static str, String)> {
        self.times()
            .or_else(|| self.shares())
            .or_else(|| {
                let Self { boost, recovery, .. } = self;
                if !boost.enabled {
                    return None;
                }
                room("watch.boost.volatile", boost.volatile, &thresholds.volatile, *recovery)
                    .or_else(|| room("watch.boost.correlated", boost.correlated, &thresholds.correlated, *recovery))
            })
            .or_else(|| self.exits.iter().find_map(LoopExit::problem).map(|reason| ("watch.exits", reason)))
            .or_else(|| self.twice())
            .or_else(|| self.sell.problem())
            .or_else(|| self.use_wallet.problem())
            .or_else(|| watch_keys::problem(&self.keys))
    }

    /// Every feed that is asked, those of one token in the order in which they are preferred.
    #[must_use]
    pub fn feeds_in_use(&self) -> Vec<FeedInUse> {
        feeds::in_use(&self.feeds, self.default_feeds)
    }

    /// What is named more than once, or names nothing.
    fn twice(&self) -> Option<(&'static str, String)> {
        let mut accounts = BTreeSet::new();
        let account = self.accounts.iter().find(|account| !accounts.insert(**account));
        account
            .map(|account| ("watch.accounts", format!("{account} is named twice")))
            .or_else(|| feeds::problem(&self.feeds).map(|reason| ("watch.feeds", reason)))
    }

    fn times(&self) -> Option<(&'static str, String)> {
        let beats = [
            ("watch.heartbeat.volatile", self.heartbeat.volatile),
            ("watch.heartbeat.stable", self.heartbeat.stable),
            ("watch.heartbeat.correlated", self.heartbeat.correlated),
        ];
        if self.stale_after < SHORTEST_STALENESS {
            let least = humantime::format_duration(SHORTEST_STALENESS);
            let reason = format!("below {least} ordinary heads are stale, and nothing is trimmed on them");
            return Some(("watch.stale_after", reason));
        }
        if self.gas_trims == 0 {
            return Some((
                "watch.gas_trims",
                "with 0 nobody is told before the ether is gone; 1 is the least".to_owned(),
            ));
        }
        beats.into_iter().find(|(_, beat)| beat.0 == 0).map(|(key, _)| (key, "with 0 every answer is old".to_owned()))
    }

    fn shares(&self) -> Option<(&'static str, String)> {
        let Self { recovery, max_equity, loss_guard, top_up, carry, .. } = self;
        let share = |key, value: Decimal| {
            (value <= Decimal::ZERO || value > Decimal::ONE)
                .then(|| (key, format!("{value} is a share: above 0, at most 1")))
        };
        let limit = |key, value: Option<Decimal>| {
            value.filter(|value| *value <= Decimal::ZERO).map(|value| (key, format!("{value} must be above 0")))
        };
        if *recovery < Decimal::ZERO || *recovery > Decimal::new(5, 2) {
            return Some(("watch.recovery", format!("{recovery} must be 0 to 0.05")));
        }
        if *max_equity < Decimal::ZERO {
            return Some(("watch.max_equity", format!("{max_equity} must not be negative")));
        }
        share("watch.loss_guard.at", loss_guard.at)
            .or_else(|| share("watch.loss_guard.rearm", loss_guard.rearm))
            .or_else(|| {
                let LossGuardConfig { at, rearm, .. } = loss_guard;
                (rearm >= at).then(|| {
                    ("watch.loss_guard.rearm", format!("{rearm} must be below {at}, or the guard never rests"))
                })
            })
            .or_else(|| share("watch.top_up.alert_at", top_up.alert_at))
            .or_else(|| share("watch.top_up.restore", top_up.restore))
            .or_else(|| {
                let TopUpConfig { alert_at, restore, .. } = top_up;
                (restore <= alert_at).then(|| {
                    let reason = format!("{restore} must be above alert_at {alert_at}, or nothing is ever restored");
                    ("watch.top_up.restore", reason)
                })
            })
            .or_else(|| {
                (top_up.enabled && top_up.cap <= Decimal::ZERO)
                    .then(|| ("watch.top_up.cap", "top-up is on, so its cap must be above 0 USDC".to_owned()))
            })
            .or_else(|| limit("watch.carry.max_borrow_rate", carry.max_borrow_rate))
            .or_else(|| limit("watch.carry.max_cost", carry.max_cost))
    }
}

impl BoostLevels {
    /// Why levering up by these levels would call for the next trim, or a trim for the next boost; `None` when there is
    /// room between them.
    #[must_use]
    pub fn problem(&self, thresholds: &Thresholds, recovery: Decimal) -> Option<(&'static str, String)> {
        let Self { above, target } = *self;
        let floor = thresholds.opening_floor();
        if target < floor {
            let reason = format!("target {target} must not be below trigger + headroom {floor}, the opening floor");
            return Some(("target", reason));
        }
        let stressed = target.saturating_mul(Decimal::ONE.saturating_sub(thresholds.stress));
        if stressed < thresholds.urgent {
            let reason =
                format!("at the stress price target {target} is {stressed}, below urgent {}", thresholds.urgent);
            return Some(("target", reason));
        }
        let least = thresholds.target.max(target).saturating_add(recovery);
        (above <= least).then(|| {
            let reason =
                format!("above {above} must be higher than {least}: the higher target and watch.recovery on top");
            ("above", reason)
        })
    }
}

fn room(
    key: &'static str,
    levels: BoostLevels,
    thresholds: &Thresholds,
    recovery: Decimal,
) -> Option<(&'static str, String)> {
    levels.problem(thresholds, recovery).map(|(field, reason)| {
        let key = match (key, field) {
            ("watch.boost.volatile", "above") => "watch.boost.volatile.above",
            ("watch.boost.volatile", _) => "watch.boost.volatile.target",
            (_, "above") => "watch.boost.correlated.above",
            _ => "watch.boost.correlated.target",
        };
        (key, reason)
    })
}

impl Default for WatchConfig {
    /// The tables of strategy.md §5. Heartbeats: Base's ether and bitcoin feeds answer every 20 minutes at least, those of
    /// coins and exchange rates every day.
    fn default() -> Self {
        let day = Secs(90_000);
        Self {
            accounts: Vec::new(),
            stale_after: Duration::from_secs(2),
            recovery: Decimal::new(5, 3),
            max_equity: Decimal::ONE_THOUSAND,
            sell: SellConfig::Loops,
            use_wallet: WalletUse::Nothing,
            act_on_feed: true,
            heartbeat: Heartbeats { volatile: Secs(1_500), stable: day, correlated: day },
            boost: BoostConfig {
                enabled: false,
                pause: Duration::from_secs(86_400),
                volatile: BoostLevels { above: Decimal::new(145, 2), target: Decimal::new(13, 1) },
                correlated: BoostLevels { above: Decimal::new(108, 2), target: Decimal::new(105, 2) },
            },
            loss_guard: LossGuardConfig { enabled: true, at: Decimal::new(8, 1), rearm: Decimal::new(5, 1), max: 1 },
            top_up: TopUpConfig {
                alert_at: Decimal::new(1, 1),
                enabled: false,
                restore: Decimal::new(5, 1),
                cap: Decimal::ONE_HUNDRED,
            },
            carry: CarryConfig { max_borrow_rate: None, max_cost: None },
            exits: Vec::new(),
            default_feeds: true,
            feeds: Vec::new(),
            gas_trims: 3,
            thin_samples: true,
            keys: Vec::new(),
        }
    }
}
