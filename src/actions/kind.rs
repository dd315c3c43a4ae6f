//! Which kind of action a plan is: the one place that tells, for whoever audits, carries out or settles one.

use crate::{
    journal::Intent,
    loops,
    perps::{PerpRequest, PerpSubject},
    plan::{Plan, PlanSubject, SubjectError},
};

/// Kinds of plans on a loop, as `loops` names them.
const LOOPS: [&str; 10] = [
    "loop open",
    "loop adjust",
    "loop deposit",
    "loop draw",
    "loop withdraw",
    "loop trim",
    "loop repay",
    "loop unwind",
    "loop close",
    "loop collateral",
];

/// The kind of plan that takes approvals back.
const REVOCATION: &str = "approvals revoke";

/// A kind of action, with what its room keeps in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanKind {
    /// On a loop.
    Loop(Box<loops::Subject>),
    /// At the perp venue.
    Perp(Box<PerpSubject>),
    /// Takes approvals back; nothing else is kept of it.
    Revocation,
}

/// A plan that no room of this program knows. Nobody audits, carries out or settles it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{kind}` is no action that this program knows: {reason}")]
pub struct UnknownKind {
    /// What it calls itself.
    pub kind: String,
    /// What does not fit.
    pub reason: String,
}

impl PlanKind {
    /// The kind of a plan: what it acts on, what it calls itself and what is kept in it must agree.
    pub fn of(plan: &Plan) -> Result<Self, UnknownKind> {
        let kind = plan.kind.as_str();
        let unknown = |reason: String| UnknownKind { kind: kind.to_owned(), reason };
        let unreadable = |error: SubjectError| unknown(error.to_string());
        match &plan.subject {
            PlanSubject::Loop(_) if LOOPS.contains(&kind) => {
                plan.subject.read_loop().map(Box::new).map(Self::Loop).map_err(unreadable)
            }
            PlanSubject::Perp(_) => {
                let subject: Box<PerpSubject> = plan.subject.read_perp().map(Box::new).map_err(unreadable)?;
                let name = name_of(&subject.perp);
                if name == kind {
                    Ok(Self::Perp(subject))
                } else {
                    Err(unknown(format!("what is kept of it is a {name}")))
                }
            }
            PlanSubject::Approvals if kind == REVOCATION => Ok(Self::Revocation),
            PlanSubject::Loop(_) | PlanSubject::Approvals => {
                Err(unknown(format!("no action on {} is called so", plan.subject.words())))
            }
        }
    }

    /// The same of a journal's intent.
    pub fn of_intent(intent: &Intent) -> Result<Self, UnknownKind> {
        let plan: Result<Plan, _> = serde_json::from_value(intent.plan.clone());
        let plan = plan.map_err(|error| UnknownKind { kind: intent.kind.clone(), reason: error.to_string() })?;
        Self::of(&plan)
    }
}

/// What the venue's adapter calls the plan of a request.
const fn name_of(request: &PerpRequest) -> &'static str {
    match request {
        PerpRequest::Open(_) => "perp open",
        PerpRequest::Close { .. } => "perp close",
        PerpRequest::Margin { .. } => "perp margin",
        PerpRequest::Levels { .. } => "perp tpsl",
        PerpRequest::Cancel { .. } => "perp cancel",
    }
}

/// A plan that does nothing, for tests.
#[cfg(test)]
pub(crate) fn test_plan(kind: &str, subject: PlanSubject) -> Plan {
    use alloy::primitives::{Address, B256, U256};

    use crate::{chain::BlockRef, config::Urgency, plan::SCHEMA, units::Secs};

    let block = BlockRef { number: 1, hash: B256::ZERO, timestamp: Secs(1), base_fee: U256::ZERO, timestamp_ms: None };
    Plan {
        schema: SCHEMA,
        id: "id".to_owned(),
        kind: kind.to_owned(),
        urgency: Urgency::Open,
        network: "base".to_owned(),
        owner: Address::ZERO,
        signer: Address::ZERO,
        block,
        valid_until: Secs(2),
        headline: String::new(),
        notes: Vec::new(),
        steps: Vec::new(),
        bounds: Vec::new(),
        figures: Vec::new(),
        costs: Vec::new(),
        subject,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cancel() -> PlanSubject {
        let position = json!({ "pair_index": 0, "index": 1 });
        let kept =
            json!({ "venue": "avantis-v1", "perp": { "request": "cancel", "order": position }, "forecast": null });
        PlanSubject::of_perp(&kept).expect("json")
    }

    fn nothing_of_a_loop() -> PlanSubject {
        PlanSubject::of_loop(&Value::Null).expect("json")
    }

    #[test]
    fn a_plan_is_what_its_name_and_its_subject_both_say() {
        assert!(matches!(PlanKind::of(&test_plan("perp cancel", cancel())), Ok(PlanKind::Perp(_))));
        assert_eq!(PlanKind::of(&test_plan("approvals revoke", PlanSubject::Approvals)), Ok(PlanKind::Revocation));
        for (kind, subject) in [
            ("loop close", cancel()),
            ("perp close", cancel()),
            ("approvals revoke", cancel()),
            ("perp cancel", PlanSubject::Approvals),
            ("perp cancel", PlanSubject::of_perp(&Value::Null).expect("json")),
            ("loop trim", nothing_of_a_loop()),
            ("loop trim", PlanSubject::Approvals),
            ("guard deploy", PlanSubject::Approvals),
            ("loop teleport", nothing_of_a_loop()),
            ("", cancel()),
        ] {
            let unknown = PlanKind::of(&test_plan(kind, subject)).expect_err(kind);
            assert!(unknown.to_string().contains(&format!("`{kind}`")), "{unknown}");
        }
    }
}
