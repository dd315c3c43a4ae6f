//! Orders as text; plans of earlier versions are read for the order in them.

use serde::Deserialize;

use super::{Ask, LoopAsk, ORDER_SCHEMA, Order, OrderError};
use crate::{
    actions::PlanKind,
    loops::{Request, Scope, Subject, ThresholdChange},
    plan::{Plan, SCHEMA},
};

#[derive(Deserialize)]
struct Version {
    schema: u32,
}

impl Order {
    /// Reads an order.
    pub fn read(text: &str) -> Result<Self, OrderError> {
        match serde_json::from_str::<Version>(text)?.schema {
            ORDER_SCHEMA => Ok(serde_json::from_str(text)?),
            1 | SCHEMA => of_plan(&serde_json::from_str(text)?),
            other => Err(OrderError::Schema(other)),
        }
    }
}

/// The order in a plan of an earlier version, as far as that kept it. Steps, bounds, tolerances, deadlines and thresholds of
/// such a plan are of no account.
fn of_plan(plan: &Plan) -> Result<Order, OrderError> {
    let kept = || OrderError::NotKept(plan.kind.clone());
    let subject: Subject = match PlanKind::of(plan).map_err(|_| kept())? {
        PlanKind::Perp(subject) => return Order::of(plan, Ask::Perp(subject.perp)),
        PlanKind::Loop(subject) => *subject,
        PlanKind::Revocation => return Err(kept()),
    };
    // Of loops only the target was kept: nothing else was asked of an adjustment.
    let (Some(target), Some(part), "loop adjust") = (subject.target, subject.part, plan.kind.as_str()) else {
        return Err(kept());
    };
    let existing = match part.scope {
        Scope::Loop => false,
        Scope::WithExisting => true,
        Scope::Account { .. } => return Err(kept()),
    };
    let ask = LoopAsk {
        collateral: subject.pair.collateral.token,
        debt: subject.pair.debt.token,
        existing,
        request: Request::Adjust { target },
        slippage_bps: None,
        flash: None,
        thresholds: ThresholdChange::default(),
    };
    Order::of(plan, Ask::Loop(ask))
}
