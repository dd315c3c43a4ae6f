//! What every trade needs.

use std::sync::Arc;

use alloy::primitives::{Address, U256};

use crate::{
    aave::ReserveList,
    chain::{Clock, Endpoints, Reader},
    config::{BoundsConfig, Config, FeesConfig, GovernorConfig, StrategyConfig, ThresholdsConfig},
    journal::Stamp,
    perps::{PercentE10, PerpError, PerpVenue, Venue},
    units::{Millis, Secs},
};

use super::TradeError;

/// One basis point as [`PercentE10`].
const BASIS_POINT: u64 = 100_000_000;

/// The settings that trades read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeSettings {
    /// How a signal becomes sizes.
    pub strategy: StrategyConfig,
    /// What no signal may exceed.
    pub governor: GovernorConfig,
    /// When loops are trimmed.
    pub thresholds: ThresholdsConfig,
    /// What an action may cost.
    pub bounds: BoundsConfig,
    /// What gas may cost.
    pub fees: FeesConfig,
    /// How long plans and permits stay valid.
    pub permit_ttl: Secs,
    /// Most that a perp's fill may be worse than the mark.
    pub slippage: PercentE10,
}

impl From<&Config> for TradeSettings {
    fn from(config: &Config) -> Self {
        Self {
            strategy: config.strategy.clone(),
            governor: config.governor,
            thresholds: config.thresholds,
            bounds: config.bounds,
            fees: config.fees,
            permit_ttl: config.permit_ttl,
            slippage: PercentE10(U256::from(config.perps.slippage_bps.0).saturating_mul(U256::from(BASIS_POINT))),
        }
    }
}

/// One account on one network, with its venue and its settings.
#[derive(Debug, Clone)]
pub struct TradeContext {
    /// The chain.
    pub endpoints: Endpoints,
    /// Aave's reserves.
    pub reserves: ReserveList,
    /// Where perps are traded; `None` where none is known or none is needed.
    pub venue: Option<Venue>,
    /// Whose trades.
    pub account: Address,
    /// Settings.
    pub settings: TradeSettings,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The network's name, as plans and journals know it.
    pub network: String,
    /// The chain is the real one.
    pub live: bool,
}

impl TradeContext {
    /// Where perps are traded.
    pub fn venue(&self) -> Result<&dyn PerpVenue, PerpError> {
        self.venue.as_deref().ok_or(PerpError::NoneKnown)
    }

    /// Now, for the journal: the newest block's time and the wall clock.
    pub async fn stamp(&self) -> Result<Stamp, TradeError> {
        let head = Reader::head(&self.endpoints).await?;
        Ok(Stamp { block_time: head.timestamp, wall: Millis(self.clock.wall_millis()) })
    }
}
