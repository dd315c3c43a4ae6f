//! What all seats share.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use alloy::primitives::Address;

use super::calm::Calm;
use crate::{
    aave::ReserveList,
    chain::{Clock, Endpoints},
    config::{BoundsConfig, Config, FeesConfig, ThresholdsConfig, WatchConfig},
    loops::AccountsReader,
    perps::{OrderPatience, PercentE10, Venue},
    send::Outcome,
    trade::{Assessment, TradeContext, TradeSettings},
    units::Secs,
    watchdog::ops::{AlertSink, Metrics, Refused},
};

/// Settings that can be read again while the watch goes on.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// The rules.
    pub watch: WatchConfig,
    /// Bounds of all classes.
    pub bounds: BoundsConfig,
    /// Fee ceilings of all classes.
    pub fees: FeesConfig,
    /// Thresholds of loops that have none of their own.
    pub thresholds: ThresholdsConfig,
    /// How long a plan and its permits are valid.
    pub permit_ttl: Secs,
    /// How long the venue's keeper may take to answer an order.
    pub order_timeout: Duration,
    /// How orders on the perp venue are planned: how long a plan is valid, and most that a fill may be worse than the mark.
    pub perps: PerpRules,
}

impl From<&Config> for WatchSettings {
    fn from(config: &Config) -> Self {
        Self {
            watch: config.watch.clone(),
            bounds: config.bounds,
            fees: config.fees,
            thresholds: config.thresholds,
            permit_ttl: config.permit_ttl,
            order_timeout: config.perps.order_timeout,
            perps: PerpRules { plan_ttl: config.perps.plan_ttl, slippage: TradeSettings::from(config).slippage },
        }
    }
}

/// How orders on the perp venue are planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerpRules {
    /// How long a plan is valid.
    pub plan_ttl: Secs,
    /// Most that a fill may be worse than the mark.
    pub slippage: PercentE10,
}

impl Default for PerpRules {
    fn default() -> Self {
        Self { plan_ttl: Secs(120), slippage: PercentE10::ZERO }
    }
}

/// What seats need to trade: to host signals, to flatten, to begin the governor's state.
#[derive(Debug, Clone)]
pub struct TradeSetup {
    /// Settings of trades.
    pub settings: TradeSettings,
    /// Aave's reserves.
    pub reserves: ReserveList,
    /// The chain is the real one.
    pub live: bool,
    /// An assessment for people: with the network's name, and the symbol of the loop's collateral.
    pub words: fn(&Assessment, &str, &str) -> String,
}

/// Endpoints, clock, settings and voices.
#[derive(Debug)]
pub struct WatchContext {
    /// The chain.
    pub endpoints: Endpoints,
    /// The network's name.
    pub network: String,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where alerts go.
    pub alerts: Arc<dyn AlertSink>,
    /// Figures.
    pub meters: Arc<Metrics>,
    /// The perp venue, where one is known.
    pub venue: Option<Venue>,
    /// USDC, as the wallet holds it.
    pub usdc: Address,
    /// Decides and tells, signs nothing.
    pub shadow: bool,
    /// For trades; without it seats only watch and send what they are given.
    pub trade: Option<TradeSetup>,
    /// How an execution ended, in words; revert data is explained by whoever knows all error tables.
    pub words: fn(&Outcome) -> String,
    pub(super) calm: Calm,
    rulebook: Mutex<Arc<WatchSettings>>,
    /// What a seat reads its own account with, between heads.
    survey: std::sync::OnceLock<AccountsReader>,
}

impl WatchContext {
    /// An office; the venue comes with [`Self::with_venue`].
    pub fn new(
        endpoints: Endpoints,
        network: String,
        clock: Arc<dyn Clock>,
        alerts: Arc<dyn AlertSink>,
        meters: Arc<Metrics>,
        rulebook: WatchSettings,
    ) -> Self {
        Self {
            endpoints,
            network,
            clock,
            alerts,
            meters,
            venue: None,
            usdc: crate::dex::USDC,
            shadow: false,
            trade: None,
            words: |outcome| format!("{:?}", outcome.ending),
            calm: Calm::default(),
            rulebook: Mutex::new(Arc::new(rulebook)),
            survey: std::sync::OnceLock::new(),
        }
    }

    /// With a perp venue.
    #[must_use]
    pub fn with_venue(self, venue: Option<Venue>) -> Self {
        Self { venue, ..self }
    }

    /// With what trades need.
    #[must_use]
    pub fn with_trade(self, trade: TradeSetup) -> Self {
        Self { trade: Some(trade), ..self }
    }

    /// With words for how an execution ended.
    #[must_use]
    pub fn with_words(self, words: fn(&Outcome) -> String) -> Self {
        Self { words, ..self }
    }

    /// Lets seats read their own account between heads, as this survey does; the first one counts.
    pub(super) fn lend_survey(&self, survey: &AccountsReader) {
        let _ = self.survey.set(survey.clone());
    }

    /// A survey to read an account with.
    pub(super) fn survey(&self) -> Option<AccountsReader> {
        self.survey.get().cloned()
    }

    /// An account's desk; `None` where nothing is traded.
    pub(super) fn desk(&self, account: Address, venue: Option<Venue>) -> Option<TradeContext> {
        let TradeSetup { settings, reserves, live, .. } = self.trade.clone()?;
        Some(TradeContext {
            endpoints: self.endpoints.clone(),
            reserves,
            venue,
            account,
            settings,
            clock: self.clock.clone(),
            network: self.network.clone(),
            live,
        })
    }

    /// Refuses what would be sent in shadow.
    pub(super) fn sends(&self) -> Result<(), Refused> {
        if self.shadow { Err(Refused::new(4, "the daemon runs in shadow: it sends nothing")) } else { Ok(()) }
    }

    /// Decides and tells only.
    #[must_use]
    pub fn in_shadow(self, shadow: bool) -> Self {
        Self { shadow, ..self }
    }

    /// How an order at the perp venue is waited for.
    pub(super) fn order_patience(&self) -> OrderPatience {
        OrderPatience { timeout: self.rulebook().order_timeout, ..OrderPatience::default() }
    }

    /// The settings in force.
    #[must_use]
    pub fn rulebook(&self) -> Arc<WatchSettings> {
        self.rulebook.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts other settings in force from the next turn on.
    pub fn replace_rulebook(&self, rulebook: WatchSettings) {
        *self.rulebook.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(rulebook);
        self.calm.forget();
    }
}
