//! An order: what was asked, and what it was expected to come to. It is all that a plan file and a command beside a daemon
//! carry; whoever signs plans anew from it, on the present state, with bounds, deadlines and thresholds of his own.
//!
//! [`Order::read`] takes a text, [`Planner`] makes the plan that the command itself would make now, and [`hold`] refuses it
//! where it differs from what the order predicted. Nothing else of an order has any effect: there are no call data, minimum
//! amounts, tolerances or deadlines in it.
//! Fails with [`OrderError`].

mod ask;
mod calm;
mod error;
mod file;
mod hold;
mod planner;
mod schema;

pub use ask::{Ask, LoopAsk, Which};
pub use error::OrderError;
pub use hold::{Predicted, PredictedCost, Prediction, hold};
pub use planner::Planner;
pub use schema::ORDER_SCHEMA;

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use crate::{
    journal::{IntentId, JournalReader},
    plan::{Plan, Refusal},
    units::Secs,
};

/// How far the heads of two endpoints may be apart.
const APART: Secs = Secs(60);

/// From whom an order comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A file, which anybody may have written.
    File,
    /// A command of the same user beside the daemon, who may lower thresholds there in any case.
    Command,
}

/// What was asked, by whom it is to be done where, and what it should come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Format version, [`ORDER_SCHEMA`].
    pub schema: u32,
    /// Names the intent: an order is carried out once.
    pub id: IntentId,
    /// The network it is for.
    pub network: String,
    /// The account that acts.
    pub account: Address,
    /// The block that it was planned on.
    pub block: u64,
    /// Chain time of that block.
    pub planned_at: Secs,
    /// What was asked.
    pub ask: Ask,
    /// What it was expected to come to.
    pub predicted: Prediction,
}

impl Order {
    /// The order behind a plan.
    pub fn of(plan: &Plan, ask: Ask) -> Result<Self, OrderError> {
        Ok(Self {
            schema: ORDER_SCHEMA,
            id: plan.id.parse()?,
            network: plan.network.clone(),
            account: plan.owner,
            block: plan.block.number,
            planned_at: plan.block.timestamp,
            ask,
            predicted: Prediction::of(plan),
        })
    }

    /// Refuses an order that is for somewhere or somebody else, older than `most`, or not of the past.
    pub fn check(&self, network: &str, account: Address, now: Secs, most: Secs) -> Result<(), OrderError> {
        if self.network != network {
            let (planned, here) = (self.network.clone(), network.to_owned());
            return Err(Refusal::Elsewhere { field: "network", planned, here }.into());
        }
        if self.account != account {
            let (planned, here) = (self.account.to_string(), account.to_string());
            return Err(Refusal::Elsewhere { field: "account", planned, here }.into());
        }
        if self.planned_at > now.plus(APART) {
            return Err(OrderError::Ahead { planned_at: self.planned_at, now });
        }
        let valid_until = self.planned_at.plus(most);
        if now > valid_until {
            return Err(Refusal::Expired { valid_until, now }.into());
        }
        Ok(())
    }

    /// Refuses an order that the journal knows: it was carried out, or tried, before.
    pub fn is_new(&self, reader: &JournalReader) -> Result<(), OrderError> {
        match reader.intent(self.id) {
            Ok(intent) => Err(OrderError::Known { id: self.id, state: intent.state.as_str() }),
            Err(crate::journal::JournalError::UnknownIntent(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
