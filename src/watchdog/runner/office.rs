//! What all seats share.

use std::sync::{Arc, Mutex, PoisonError};

use alloy::primitives::Address;

use crate::{
    chain::{Clock, Endpoints},
    config::{BoundsConfig, FeesConfig, ThresholdsConfig, WatchConfig},
    perps::avantis_v1::AvantisV1,
    units::Secs,
    watchdog::ops::{AlertSink, Meters},
};

/// Settings that can be read again while the watch goes on.
#[derive(Debug, Clone)]
pub struct Rulebook {
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
}

/// Endpoints, clock, settings and voices.
#[derive(Debug)]
pub struct Office {
    /// The chain.
    pub endpoints: Endpoints,
    /// The network's name.
    pub network: String,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where alerts go.
    pub alerts: Arc<dyn AlertSink>,
    /// Figures.
    pub meters: Arc<Meters>,
    /// The perp venue, where one is known.
    pub venue: Option<AvantisV1>,
    /// USDC, as the wallet holds it.
    pub usdc: Address,
    /// Decides and tells, signs nothing.
    pub shadow: bool,
    rulebook: Mutex<Arc<Rulebook>>,
}

impl Office {
    /// An office; the venue comes with [`Self::with_venue`].
    pub fn new(
        endpoints: Endpoints,
        network: String,
        clock: Arc<dyn Clock>,
        alerts: Arc<dyn AlertSink>,
        meters: Arc<Meters>,
        rulebook: Rulebook,
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
            rulebook: Mutex::new(Arc::new(rulebook)),
        }
    }

    /// With a perp venue.
    #[must_use]
    pub fn with_venue(self, venue: Option<AvantisV1>) -> Self {
        Self { venue, ..self }
    }

    /// Decides and tells only.
    #[must_use]
    pub fn in_shadow(self, shadow: bool) -> Self {
        Self { shadow, ..self }
    }

    /// The settings in force.
    #[must_use]
    pub fn rulebook(&self) -> Arc<Rulebook> {
        self.rulebook.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts other settings in force from the next turn on.
    pub fn replace_rulebook(&self, rulebook: Rulebook) {
        *self.rulebook.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(rulebook);
    }
}
