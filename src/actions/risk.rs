//! Whether an action adds risk: the one place that tells, for the pause and for what may wait for whom.

use alloy::sol_types::SolCall;

use super::PlanKind;
use crate::{
    onedelta::{self, Lending, Op, Singleton},
    perps::{Change, MarginChange, PerpRequest},
    plan::{CallData, Plan, Segment},
};

alloy::sol! {
    function setUserEMode(uint8 categoryId) external;
}

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
        PerpRequest::Increase { .. } => Some("makes a perp larger"),
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
    plan.steps.iter().find_map(|step| match &step.data {
        CallData::Fixed { data } => setUserEModeCall::abi_decode(data).is_ok().then_some("changes the e-mode"),
        CallData::Stream { segments, .. } => of_stream(segments, plan.kind == "loop close"),
    })
}

fn of_stream(segments: &[Segment], closes: bool) -> Option<&'static str> {
    let mut stream = Vec::new();
    for segment in segments {
        if let Segment::Ops { data } = segment {
            stream.extend_from_slice(data);
        }
    }
    let Ok(ops) = onedelta::decode(&stream) else { return Some("does something that cannot be read") };
    let is = |wanted: fn(&Lending) -> bool| any(&ops, wanted);
    if is(|lending| matches!(lending, Lending::Borrow { .. })) {
        return Some("borrows");
    }
    let withdraws = is(|lending| matches!(lending, Lending::Withdraw { .. }));
    let repays = is(|lending| matches!(lending, Lending::Repay { .. }));
    // A loop without debt is closed by taking its collateral out.
    (withdraws && !repays && !closes).then_some("takes collateral out of a loop")
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
