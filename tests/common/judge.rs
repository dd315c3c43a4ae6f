//! Why a changed plan file is harmless.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde_json::Value;
use trimtab::{
    config::Thresholds,
    dex::Exchanges,
    loops::{self, Subject},
    onedelta,
    plan::{CallData, Plan, check},
    trade::{Order, OrderError, Planner, Source, hold},
    units::to_decimal,
};

use super::{Mutation, mutations};

/// Why a mutation is harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harmless {
    /// It is no order, or one that nobody takes.
    Refused,
    /// The plan made from it is the plan made without it: the same bytes are signed, and the journal is told the same.
    SamePlan,
    /// It asks for something else, within what was predicted and within the settings' own bounds.
    AsksOtherwise,
    /// The same bytes are signed, and a threshold is stored that takes no protection away and calls for nothing at once.
    SafeThresholds,
}

/// What decides about a plan besides what is asked: none of it may come from an order.
fn own(plan: &Plan) -> (Vec<(String, String, bool)>, trimtab::units::Secs, trimtab::config::Urgency) {
    let limits = plan.bounds.iter().filter(|bound| bound.name.contains("slippage") || bound.name.contains("oracle"));
    let limits = limits.map(|bound| (bound.name.clone(), bound.limit.to_string(), bound.blocking));
    (limits.collect(), plan.valid_until, plan.urgency)
}

/// Call data of a perp's margin or levels up to the price that the oracle signs anew each time: selector and four words.
const BEFORE_THE_PRICE: usize = 4 + 4 * 32;

/// The transactions, without what the oracle of a venue signs anew each time.
fn bytes(plan: &Plan) -> Value {
    let mut steps = plan.steps.clone();
    if matches!(plan.kind.as_str(), "perp margin" | "perp tpsl") {
        for step in &mut steps {
            if let CallData::Fixed { data } = &mut step.data {
                data.truncate(BEFORE_THE_PRICE);
            }
        }
    }
    serde_json::to_value(&steps).expect("steps")
}

/// What the journal would keep of a loop with it.
fn thresholds(plan: &Plan) -> Option<Thresholds> {
    plan.subject.read_loop::<Subject>().ok().map(|subject| subject.thresholds)
}

/// Why other thresholds are harmless: in order, none lower than those in force, none at wider bounds, nothing due at once.
fn are_safe(plan: &Plan, in_force: &Thresholds) -> Result<(), String> {
    let stored = thresholds(plan).expect("a loop").checked().map_err(|unfit| unfit.to_string())?;
    let health = plan.figure("health_factor").expect("a health factor");
    let health = to_decimal(health.after.raw, 18).unwrap_or(Decimal::MAX);
    let pairs = [
        (stored.warn, in_force.warn),
        (stored.trigger, in_force.trigger),
        (stored.target, in_force.target),
        (stored.headroom, in_force.headroom),
        (stored.stress, in_force.stress),
    ];
    let is_kept = pairs.iter().all(|(stored, in_force)| stored >= in_force) && stored.urgent == in_force.urgent;
    let is_quiet = health > stored.warn && health > stored.trigger;
    // A trim goes hardly further than what the action itself asks for.
    let is_near = stored.target == in_force.target || stored.target < health + in_force.headroom * Decimal::TWO;
    if is_kept && is_quiet && is_near { Ok(()) } else { Err(format!("{stored:?} at {health}")) }
}

/// Whether its bounds hold: otherwise it is refused before anything is signed.
fn holds(plan: &Plan) -> bool {
    check(plan.clone(), &plan.network, plan.block.timestamp).is_ok()
}

/// Judges every mutation of an order; what is taken must be harmless, for one of the reasons that [`Harmless`] names.
pub async fn judge(
    planner: &Planner<'_>,
    order: &Order,
    audit: impl Fn(&Plan) -> Result<(), String>,
) -> BTreeMap<Harmless, usize> {
    let reference = planner.carry(order, Source::File, None).await.expect("the order itself");
    let document = serde_json::to_value(order).expect("a document");
    let mut table = BTreeMap::new();
    let mut places = BTreeSet::new();
    for Mutation { at, what, document } in mutations(&document) {
        let read: Result<Order, OrderError> = Order::read(&document.to_string());
        let is_first = places.insert(at.clone());
        let carried = match read {
            Ok(read) if is_predicted_otherwise(&read, order) => {
                let held = hold(&read.predicted, &reference, planner.bounds.plan_drift_bps);
                // Planning takes most of the time: once a place it is shown that it changes nothing.
                if is_first {
                    let carried = Box::pin(planner.carry(&read, Source::File, None)).await;
                    assert_eq!(carried.is_ok(), held.is_ok(), "{at}: {what}");
                }
                held.map(|()| reference.clone())
            }
            Ok(read) => Box::pin(planner.carry(&read, Source::File, None)).await,
            Err(error) => Err(error),
        };
        let why = match carried {
            Err(_) => Harmless::Refused,
            Ok(plan) if !holds(&plan) => Harmless::Refused,
            Ok(plan) => {
                let place = format!("{at}: {what}");
                is_within_the_settings(&plan, &reference, &at).unwrap_or_else(|error| panic!("{place}: {error}"));
                let same = bytes(&plan) == bytes(&reference);
                match same && thresholds(&plan) == thresholds(&reference) {
                    true => Harmless::SamePlan,
                    false => {
                        assert!(at.starts_with("/ask"), "{place}: another plan though the same was asked");
                        audit(&plan).unwrap_or_else(|error| panic!("{place}: {error}"));
                        hold(&order.predicted, &plan, planner.bounds.plan_drift_bps)
                            .unwrap_or_else(|error| panic!("{place}: not what was predicted: {error}"));
                        if thresholds(&plan) != thresholds(&reference) {
                            let in_force = planner.thresholds.volatile;
                            are_safe(&plan, &in_force).unwrap_or_else(|error| panic!("{place}: {error}"));
                        }
                        if same { Harmless::SafeThresholds } else { Harmless::AsksOtherwise }
                    }
                }
            }
        };
        *table.entry(why).or_default() += 1;
    }
    table
}

/// Whether an order differs from another by its prediction alone: the plan is the same then.
fn is_predicted_otherwise(one: &Order, other: &Order) -> bool {
    Order { predicted: other.predicted.clone(), ..one.clone() } == *other
}

/// Deadline, urgency and limits are those of the settings; a stricter slippage may be asked for.
fn is_within_the_settings(plan: &Plan, reference: &Plan, at: &str) -> Result<(), String> {
    let (limits, valid_until, urgency) = own(plan);
    let (own_limits, own_until, own_urgency) = own(reference);
    if (valid_until, urgency) != (own_until, own_urgency) || plan.owner != reference.owner {
        return Err(format!("valid until {valid_until:?}, {urgency:?}, {}", plan.owner));
    }
    for (name, limit, blocking) in limits {
        if let Some((_, own, own_blocking)) = own_limits.iter().find(|(own, ..)| *own == name) {
            let within =
                limit == *own || at.ends_with("slippage_bps") || at.ends_with("/slippage") || at == "/ask/loop";
            if !within || blocking != *own_blocking {
                return Err(format!("{name} {limit} for {own}"));
            }
        }
    }
    Ok(())
}

/// The second look at a plan of a loop or of approvals: only contracts that such a plan calls, nothing endless.
pub fn audit_loop(plan: &Plan) -> Result<(), String> {
    loops::audit(plan, &Exchanges::default()).map_err(|error| error.to_string())?;
    let streams = plan.steps.iter().filter(|step| matches!(step.data, CallData::Stream { .. }));
    for step in streams {
        assert_eq!(step.to, onedelta::COMPOSER);
    }
    Ok(())
}
