//! A plan as data.

use alloy::primitives::{Address, B256, keccak256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bound, Figure, PermitRequest, PlanSubject, Quantity, Step};
use crate::{chain::BlockRef, config::Urgency, units::Secs};

/// Version of the format of plans. Schema 1 named one account and did not say which kind of action it is; it is still read. 2 is that
/// of orders.
pub const SCHEMA: u32 = 3;

/// What an action would do, from which block's state, and what is true of the account after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "PlanFile")]
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
    /// Whose position it is about, who gains and loses.
    #[serde(rename = "account")]
    pub owner: Address,
    /// Whose key and nonce it is sent with; the owner's today.
    pub signer: Address,
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
    /// The kind of action, and what the planning room needs to carry on after the outcome is known.
    pub subject: PlanSubject,
}

/// A plan as it is written, of this schema or of schema 1.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    schema: u32,
    id: String,
    kind: String,
    urgency: Urgency,
    network: String,
    account: Address,
    signer: Option<Address>,
    block: BlockRef,
    valid_until: Secs,
    headline: String,
    notes: Vec<String>,
    steps: Vec<Step>,
    bounds: Vec<Bound>,
    figures: Vec<Figure>,
    costs: Vec<(String, Quantity)>,
    subject: PlanSubject,
}

impl From<PlanFile> for Plan {
    fn from(file: PlanFile) -> Self {
        Self {
            schema: file.schema,
            id: file.id,
            kind: file.kind,
            urgency: file.urgency,
            network: file.network,
            owner: file.account,
            signer: file.signer.unwrap_or(file.account),
            block: file.block,
            valid_until: file.valid_until,
            headline: file.headline,
            notes: file.notes,
            steps: file.steps,
            bounds: file.bounds,
            figures: file.figures,
            costs: file.costs,
            subject: file.subject,
        }
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written() -> serde_json::Value {
        let account = Address::repeat_byte(7);
        json!({
            "schema": SCHEMA, "id": "id", "kind": "approvals revoke", "urgency": "open", "network": "base",
            "account": account, "signer": account,
            "block": { "number": 1, "hash": B256::ZERO, "timestamp": 1, "base_fee": "0x0" },
            "valid_until": 2, "headline": "", "notes": [], "steps": [], "bounds": [], "figures": [], "costs": [],
            "subject": { "action": "approvals" },
        })
    }

    #[test]
    fn a_plan_of_schema_1_has_one_account_and_no_tag_and_is_read() {
        let now: Plan = serde_json::from_value(written()).expect("reads");
        assert_eq!(serde_json::from_value::<Plan>(serde_json::to_value(&now).expect("writes")).expect("reads"), now);
        let mut earlier = written();
        earlier["schema"] = json!(1);
        earlier["subject"] = json!(null);
        earlier.as_object_mut().expect("a plan").remove("signer");
        let earlier: Plan = serde_json::from_value(earlier).expect("reads");
        assert_eq!((earlier.owner, earlier.signer), (now.owner, now.owner));
        assert_eq!(Plan { schema: SCHEMA, ..earlier }, now);
    }

    #[test]
    fn a_plan_with_a_field_that_nobody_knows_is_refused() {
        let mut more = written();
        more["guard"] = json!(true);
        assert!(serde_json::from_value::<Plan>(more).is_err());
    }

    #[test]
    fn nobody_signs_for_another_owner() {
        let mut foreign = written();
        foreign["signer"] = json!(Address::repeat_byte(8));
        let plan: Plan = serde_json::from_value(foreign).expect("reads");
        let refusal = crate::plan::check(plan, "base", Secs(1)).expect_err("refused").to_string();
        assert!(refusal.contains("would be signed by"), "{refusal}");
    }
}
