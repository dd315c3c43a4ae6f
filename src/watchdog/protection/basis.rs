//! What every plan of one account on one head is made from.

use alloy::primitives::{Address, U256};

use crate::{
    config::{BoundsConfig, FeesConfig, ThresholdsConfig, Urgency, WatchConfig},
    journal::IntentId,
    loops::{FlashChoice, KnownLoop, Observation, Scope, Settings},
    units::{Millis, Secs},
};

/// One account at one head, and the settings that it is protected by.
#[derive(Debug, Clone)]
pub struct Basis<'a> {
    /// Whose it is.
    pub account: Address,
    /// The reading.
    pub observation: &'a Observation,
    /// Tokens that lie in the middle of routes.
    pub hubs: Vec<Address>,
    /// The journal's loops.
    pub known: Vec<KnownLoop>,
    /// What may be sold and used.
    pub watch: WatchConfig,
    /// Bounds of all classes.
    pub bounds: BoundsConfig,
    /// Fee ceilings of all classes.
    pub fees: FeesConfig,
    /// Thresholds of loops that have none of their own.
    pub thresholds: ThresholdsConfig,
    /// How long a plan and its permits are valid.
    pub permit_ttl: Secs,
    /// The network's name.
    pub network: String,
    /// Wei per gas.
    pub gas_price: U256,
    /// The wall clock, for the names of intents.
    pub wall: Millis,
}

impl Basis<'_> {
    /// Settings of a plan; `what` tells it from others on the same head.
    #[must_use]
    pub fn settings(&self, what: &str, urgency: Option<Urgency>, scope: Scope, flash: Option<FlashChoice>) -> Settings {
        let hash = self.observation.block.hash;
        let subject = format!("{what} {urgency:?} {flash:?} {scope:?} {hash} {}", self.account);
        Settings {
            id: IntentId::derive(self.wall, subject.as_bytes()).to_string(),
            network: self.network.clone(),
            urgency,
            bounds: self.bounds,
            fees: self.fees,
            slippage: None,
            thresholds: self.thresholds.volatile,
            defaults: self.thresholds,
            loops: self.known.clone(),
            scope,
            permit_ttl: self.permit_ttl,
            flash,
            gas_price: self.gas_price,
        }
    }
}
