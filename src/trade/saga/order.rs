//! A signal on its way to whoever holds the journal, with everything that decides how it is traded.

use serde::{Deserialize, Serialize};

use super::{Policies, SagaError};
use crate::{config::StrategyConfig, strategy::Signal, trade::TradeError};

/// A signal and how it is to be traded: the same whether a command trades it or the daemon does it for the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalOrder {
    /// One JSON object, as its author wrote it: numbers are read from the text.
    pub signal: String,
    /// The settings that it is sized and checked with.
    pub strategy: StrategyConfig,
    /// A loop that the journal did not open may be used.
    pub include_existing: bool,
    /// The naive table is wanted on the live chain.
    pub forced: bool,
    /// Live prices, no transactions.
    pub paper: bool,
}

impl SignalOrder {
    /// The signal, checked in itself, with settings that make sense.
    pub fn read(&self) -> Result<Signal, SagaError> {
        if let Some((key, reason)) = self.strategy.problem() {
            return Err(TradeError::Setting { key, reason }.into());
        }
        Ok(Signal::parse(&self.signal, &self.strategy)?)
    }

    /// What the user decided.
    #[must_use]
    pub const fn policies(&self) -> Policies {
        Policies { include_existing: self.include_existing, forced: self.forced, ..Policies::of(&self.strategy) }
    }
}
