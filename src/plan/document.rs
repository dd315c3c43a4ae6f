//! A plan as data.

use alloy::primitives::{Address, B256, keccak256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Figure, PermitRequest, Quantity, Step};
use crate::{chain::BlockRef, config::Urgency, units::Secs};

/// Version of the plan file format; a file of another version is refused.
pub const SCHEMA: u32 = 1;

/// What an action would do, from which block's state, and what is true of the account after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Format version, [`SCHEMA`].
    pub schema: u32,
    /// Identifies the intent in journal and logs.
    pub id: String,
    /// What it does, in the words of the command: `loop open`.
    pub kind: String,
    /// Which class of bounds applies.
    pub urgency: Urgency,
    /// The network it was made for (`base`, `replica-…`); it can be sent nowhere else.
    pub network: String,
    /// The account that acts.
    pub account: Address,
    /// The block whose state it was planned on.
    pub block: BlockRef,
    /// Not sent after this moment of chain time; permits in it expire then.
    pub valid_until: Secs,
    /// One line for people.
    pub headline: String,
    /// Decisions taken and candidates rejected, each with its reason.
    pub notes: Vec<String>,
    /// Transactions in order; one, unless an e-mode change or an approval without permit comes first.
    pub steps: Vec<Step>,
    /// Limits that must hold, with both figures.
    pub bounds: Vec<Bound>,
    /// The account before and after, and where to read the outcome.
    pub figures: Vec<Figure>,
    /// What it costs, each part named.
    pub costs: Vec<(String, Quantity)>,
    /// What the planning room needs to carry on after the outcome is known.
    pub subject: serde_json::Value,
}

impl Plan {
    /// Hash over the whole plan: two plans with the same hash do the same.
    pub fn hash(&self) -> Result<B256, serde_json::Error> {
        Ok(keccak256(serde_json::to_vec(self)?))
    }

    /// The permits that must be signed for it, in order.
    pub fn permits(&self) -> impl Iterator<Item = &PermitRequest> {
        self.steps.iter().flat_map(|step| step.data.permits())
    }

    /// A figure by its name.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }
}
