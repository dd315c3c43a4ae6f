//! Whether an action adds risk: the one place that tells, for the pause and for what may wait for whom.

use alloy::sol_types::SolCall;

use super::PlanKind;
use crate::aave::abi::IPool::{setUserEModeCall, setUserUseReserveAsCollateralCall};
use crate::{
    onedelta::{self, Lending, Op, Singleton},
    perps::{Change, MarginChange, PerpRequest},
    plan::{CallData, Plan, Segment, Step},
};

/// What an action adds to the risk of its account, in words; `None` when it lowers risk or leaves it as it is.
///
/// Of a loop's plan its name and its transactions both tell: a plan that borrows adds risk, whatever it calls itself. What
/// cannot be read is taken for the worst.
#[must_use]
pub fn added_risk(plan: &Plan, kind: &PlanKind) -> Option<&'static str> {
    match kind {
        PlanKind::Loop(_) => of_loop(plan),
        PlanKind::Perp(subject) => of_perp(&subject.perp),
        PlanKind::Revocation => None,
    }
}

const fn of_perp(request: &PerpRequest) -> Option<&'static str> {
    match request {
        PerpRequest::Open(_) => Some("opens a perp"),
        PerpRequest::Margin { change: MarginChange::Remove(_), .. } => Some("takes margin out of a perp"),
        PerpRequest::Levels { stop: Change::Remove, .. } => Some("takes the stop of a perp away"),
        PerpRequest::Margin { .. }
        | PerpRequest::Levels { .. }
        | PerpRequest::Close { .. }
        | PerpRequest::Cancel { .. } => None,
    }
}

fn of_loop(plan: &Plan) -> Option<&'static str> {
    match plan.kind.as_str() {
        "loop open" => return Some("opens a loop"),
        "loop draw" => return Some("borrows against a loop"),
        "loop withdraw" => return Some("takes equity out of a loop"),
        _ => {}
    }
    // What repays may first switch off what keeps the loop's own collateral from being taken out.
    let repays = |step: &Step| {
        matches!(&step.data, CallData::Stream { segments, .. }
        if read(segments).is_some_and(|ops| any(&ops, |lending| matches!(lending, Lending::Repay { .. }))))
    };
    let lowers = plan.kind == "loop close" || plan.steps.iter().any(repays);
    plan.steps.iter().find_map(|step| match &step.data {
        CallData::Fixed { data } => of_call(data, lowers),
        CallData::Stream { segments, .. } => of_stream(segments, plan.kind == "loop close"),
    })
}

fn of_call(data: &[u8], lowers: bool) -> Option<&'static str> {
    if setUserEModeCall::abi_decode(data).is_ok() {
        return Some("changes the e-mode");
    }
    let disables = setUserUseReserveAsCollateralCall::abi_decode(data).is_ok_and(|call| !call.useAsCollateral);
    (disables && !lowers).then_some("takes a supply away from what backs the debt")
}

fn of_stream(segments: &[Segment], closes: bool) -> Option<&'static str> {
    let Some(ops) = read(segments) else { return Some("does something that cannot be read") };
    let is = |wanted: fn(&Lending) -> bool| any(&ops, wanted);
    if is(|lending| matches!(lending, Lending::Borrow { .. })) {
        return Some("borrows");
    }
    let withdraws = is(|lending| matches!(lending, Lending::Withdraw { .. }));
    let repays = is(|lending| matches!(lending, Lending::Repay { .. }));
    // A loop without debt is closed by taking its collateral out.
    (withdraws && !repays && !closes).then_some("takes collateral out of a loop")
}

fn read(segments: &[Segment]) -> Option<Vec<Op>> {
    let mut stream = Vec::new();
    for segment in segments {
        if let Segment::Ops { data } = segment {
            stream.extend_from_slice(data);
        }
    }
    onedelta::decode(&stream).ok()
}

/// Whether any lending action of the ops is such a one, those within flash loans included.
fn any(ops: &[Op], wanted: fn(&Lending) -> bool) -> bool {
    ops.iter().any(|op| match op {
        Op::Lending(lending) => wanted(lending),
        Op::Flash(loan) => any(loan.ops(), wanted),
        Op::Singleton(Singleton::Unlock { ops, .. }) => any(ops, wanted),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;
    use serde_json::json;

    use super::*;
    use crate::{
        actions::test_plan,
        onedelta::{Amount, Exact},
        plan::PlanSubject,
    };

    fn perp(kind: &str, request: serde_json::Value) -> Option<&'static str> {
        let plan = test_plan(
            kind,
            PlanSubject::of_perp(&json!({ "venue": "avantis-v1", "perp": request, "forecast": null })).expect("json"),
        );
        added_risk(&plan, &PlanKind::of(&plan).expect("a perp's"))
    }

    #[test]
    fn of_perps_what_opens_takes_margin_or_takes_a_stop_away_adds_risk() {
        let at = json!({ "pair_index": 0, "index": 0 });
        let margin = |change: &str| json!({ "request": "margin", "position": at, "change": { change: "0x5" } });
        let levels =
            |stop: serde_json::Value| json!({ "request": "levels", "position": at, "stop": stop, "target": "keep" });
        assert!(perp("perp margin", margin("remove")).is_some());
        assert!(perp("perp margin", margin("add")).is_none());
        assert!(perp("perp tpsl", levels(json!("remove"))).is_some());
        assert!(perp("perp tpsl", levels(json!("keep"))).is_none());
        assert!(perp("perp close", json!({ "request": "close", "position": at, "portion": "all" })).is_none());
        assert!(perp("perp cancel", json!({ "request": "cancel", "order": at })).is_none());
    }

    /// A plan of a kind whose composer stream does this.
    fn stream(kind: &str, ops: &[Op]) -> Plan {
        let data = onedelta::encode(ops).expect("a stream");
        let segments = vec![Segment::Ops { data }];
        let selector = onedelta::DELTA_COMPOSE.into();
        let step = Step {
            purpose: String::new(),
            to: onedelta::COMPOSER,
            value: Default::default(),
            data: CallData::Stream { selector, segments },
        };
        Plan { steps: vec![step], ..test_plan(kind, PlanSubject::Approvals) }
    }

    #[test]
    fn of_loops_a_plan_that_borrows_or_only_withdraws_adds_risk_whatever_it_calls_itself() {
        let (one, pool) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let exact = Exact::new(alloy::primitives::U256::from(7)).expect("small");
        let borrow = Op::Lending(Lending::Borrow { asset: one, amount: exact, receiver: one, pool });
        let amount = Amount::Exact(exact);
        let withdraw = Op::Lending(Lending::Withdraw { asset: one, amount, receiver: one, a_token: one, pool });
        let repay = Op::Lending(Lending::Repay { asset: one, amount, on_behalf_of: one, debt_token: one, pool });
        for kind in ["loop adjust", "loop deposit", "loop trim", "loop close"] {
            assert!(of_loop(&stream(kind, std::slice::from_ref(&borrow))).is_some(), "{kind}");
            assert!(of_loop(&stream(kind, &[repay.clone(), withdraw.clone()])).is_none(), "{kind}");
        }
        assert!(of_loop(&stream("loop trim", std::slice::from_ref(&withdraw))).is_some());
        assert!(of_loop(&stream("loop close", &[withdraw])).is_none(), "a loop without debt");
        for kind in ["loop open", "loop draw", "loop withdraw"] {
            assert!(of_loop(&stream(kind, std::slice::from_ref(&repay))).is_some(), "{kind}");
        }
        let unreadable = Plan {
            steps: vec![Step {
                data: CallData::Stream {
                    selector: onedelta::DELTA_COMPOSE.into(),
                    segments: vec![Segment::Ops { data: vec![0xff; 9].into() }],
                },
                ..stream("loop trim", &[repay]).steps.remove(0)
            }],
            ..test_plan("loop trim", PlanSubject::Approvals)
        };
        assert!(of_loop(&unreadable).is_some());
    }
    #[test]
    fn a_supply_that_no_longer_backs_the_debt_adds_risk_unless_debt_is_repaid_too() {
        let asset = Address::repeat_byte(1);
        let call = |on: bool| setUserUseReserveAsCollateralCall { asset, useAsCollateral: on }.abi_encode();
        let step = |on: bool| Step {
            purpose: String::new(),
            to: Address::repeat_byte(2),
            value: Default::default(),
            data: CallData::Fixed { data: call(on).into() },
        };
        let plan = |kind: &str, steps: Vec<Step>| Plan { steps, ..test_plan(kind, PlanSubject::Approvals) };
        for kind in ["loop collateral", "loop adjust", "loop repay"] {
            assert!(of_loop(&plan(kind, vec![step(false)])).is_some(), "{kind}");
            assert!(of_loop(&plan(kind, vec![step(true)])).is_none(), "{kind}");
        }
        let exact = Exact::new(alloy::primitives::U256::from(7)).expect("small");
        let (amount, debt_token, pool) = (Amount::Exact(exact), asset, asset);
        let repay = Op::Lending(Lending::Repay { asset, amount, on_behalf_of: asset, debt_token, pool });
        let mut trim = stream("loop trim", &[repay]);
        trim.steps.insert(0, step(false));
        assert!(of_loop(&trim).is_none(), "what repays may switch off what bars it");
    }
}
