//! Orders as text; plans of earlier versions are read for the order in them.

use serde::Deserialize;
use serde_json::Value;

use super::{Ask, LoopAsk, ORDER_SCHEMA, Order, OrderError};
use crate::{
    loops::{Request, Scope, Subject, ThresholdChange},
    perps::PerpSubject,
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
            SCHEMA => of_plan(&serde_json::from_str(text)?),
            other => Err(OrderError::Schema(other)),
        }
    }
}

/// The order in a plan of an earlier version, as far as that kept it. Steps, bounds, tolerances, deadlines and thresholds of
/// such a plan are of no account.
fn of_plan(plan: &Plan) -> Result<Order, OrderError> {
    let kept = || OrderError::NotKept(plan.kind.clone());
    if plan.kind.starts_with("perp ") {
        let subject: PerpSubject = serde_json::from_value(plan.subject.clone())?;
        return Order::of(plan, Ask::Perp(subject.perp));
    }
    if plan.subject == Value::Null {
        return Err(kept());
    }
    let subject: Subject = serde_json::from_value(plan.subject.clone())?;
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
