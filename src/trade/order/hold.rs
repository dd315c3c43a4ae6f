//! A plan made now, held against what its order predicted.

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use super::OrderError;
use crate::{
    plan::{Bound, Figure, Plan, Quantity, Rule},
    units::Bps,
};

/// Depends on rates that move with everybody's actions, and on nothing that the action decides.
const NOT_HELD: &str = "net_carry";
/// The unit of shares, which are compared by their difference.
const SHARE: &str = "%";
/// The unit of the wallet's ether.
const ETHER: &str = "ETH";
/// What gas and a keeper's fee may come to otherwise: 0.0001 ether.
const GAS: U256 = U256::from_limbs([100_000_000_000_000, 0, 0, 0]);

/// What an order was expected to come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// The account before and after.
    pub figures: Vec<Predicted>,
    /// What it costs against oracle and quote.
    pub costs: Vec<PredictedCost>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predicted {
    /// Its name.
    pub name: String,
    /// Before.
    pub before: Quantity,
    /// After.
    pub after: Quantity,
}

/// One cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictedCost {
    /// Its name.
    pub name: String,
    /// Its share.
    pub share: Quantity,
}

impl Prediction {
    /// Of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let figure = |figure: &Figure| Predicted {
            name: figure.name.clone(),
            before: figure.before.clone(),
            after: figure.after.clone(),
        };
        let cost = |bound: &Bound| PredictedCost { name: bound.name.clone(), share: bound.actual.clone() };
        Self { figures: held(plan).map(figure).collect(), costs: costs(plan).map(cost).collect() }
    }
}

fn held(plan: &Plan) -> impl Iterator<Item = &Figure> {
    plan.figures.iter().filter(|figure| !figure.detail && figure.name != NOT_HELD)
}

fn costs(plan: &Plan) -> impl Iterator<Item = &Bound> {
    plan.bounds.iter().filter(|bound| bound.blocking && bound.rule == Rule::AtMost && bound.actual.unit == SHARE)
}

/// Refuses a plan whose figures are further than `most` from the prediction, or of which it predicts nothing. Everything that
/// decides about it is the plan's and the settings': of the prediction only the values are read.
pub fn hold(prediction: &Prediction, plan: &Plan, most: Bps) -> Result<(), OrderError> {
    let drift = |figure: &str, predicted: Option<&Quantity>, now: &Quantity| OrderError::Drift {
        figure: figure.to_owned(),
        predicted: predicted.map_or_else(|| "nothing".to_owned(), ToString::to_string),
        now: now.to_string(),
        allowed: Quantity::bps(most.0.into()).to_string(),
    };
    for figure in held(plan) {
        let predicted = prediction.figures.iter().find(|predicted| predicted.name == figure.name);
        if !predicted.is_some_and(|predicted| is_near(figure, predicted, most)) {
            return Err(drift(&figure.label, predicted.map(|predicted| &predicted.after), &figure.after));
        }
    }
    for bound in costs(plan) {
        let predicted = prediction.costs.iter().find(|predicted| predicted.name == bound.name);
        let predicted = predicted.map(|cost| &cost.share).filter(|share| is_alike(share, &bound.actual));
        let allowed = predicted.map(|predicted| predicted.raw.saturating_add(U256::from(most.0)));
        if allowed.is_none_or(|allowed| bound.actual.raw > allowed) {
            return Err(drift(&bound.name, predicted, &bound.actual));
        }
    }
    let is_known = |predicted: &&Predicted| held(plan).any(|figure| figure.name == predicted.name);
    match prediction.figures.iter().find(|predicted| !is_known(predicted)) {
        Some(Predicted { name, after, .. }) => Err(OrderError::Drift {
            figure: name.clone(),
            predicted: after.to_string(),
            now: "nothing".to_owned(),
            allowed: Quantity::bps(most.0.into()).to_string(),
        }),
        None => Ok(()),
    }
}

/// Whether two quantities can be compared.
fn is_alike(one: &Quantity, other: &Quantity) -> bool {
    (one.decimals, &one.unit, one.negative) == (other.decimals, &other.unit, other.negative)
}

/// What a wallet holds is compared by what the action takes or brings: gifts and other payments are no part of it. All else
/// by what is there afterwards.
fn is_near(figure: &Figure, predicted: &Predicted, most: Bps) -> bool {
    if !is_alike(&figure.after, &predicted.after) || !is_alike(&figure.before, &predicted.before) {
        return false;
    }
    let tolerance = if figure.after.unit == ETHER { figure.tolerance.max(GAS) } else { figure.tolerance };
    let near = |now: U256, predicted: U256| {
        // Neither "no limit" nor a number that is too large to be scaled is near anything else.
        let Some(scaled) = predicted.checked_mul(U256::from(most.0)) else { return now == predicted };
        now.abs_diff(predicted) <= (scaled / U256::from(Bps::ONE.0)).max(tolerance)
    };
    if !figure.at_least {
        return near(figure.after.raw, predicted.after.raw);
    }
    let (before, after) = (figure.before.raw, figure.after.raw);
    let (predicted_before, predicted_after) = (predicted.before.raw, predicted.after.raw);
    near(before.saturating_sub(after), predicted_before.saturating_sub(predicted_after))
        && near(after.saturating_sub(before), predicted_after.saturating_sub(predicted_before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::test_plan;

    fn figure(name: &str, after: Quantity, at_least: bool) -> Figure {
        Figure {
            name: name.into(),
            label: name.into(),
            before: after.clone(),
            after,
            read: None,
            tolerance: U256::ZERO,
            at_least,
            detail: false,
        }
    }

    fn plan(debt: u64, wallet: u64) -> Plan {
        let usdc = |raw: u64| Quantity::new(U256::from(raw), 6, "USDC");
        Plan {
            figures: vec![
                figure("debt", usdc(debt), false),
                Figure { before: usdc(50_000), ..figure("wallet_debt", usdc(wallet), true) },
                figure("health_factor", Quantity::wad(U256::MAX), false),
            ],
            ..test_plan("loop open", crate::plan::PlanSubject::Approvals)
        }
    }

    #[test]
    fn a_figure_may_be_so_far_from_its_prediction_and_what_a_wallet_pays_from_its_own() {
        let prediction = Prediction::of(&plan(10_000, 10_000));
        for (debt, wallet, holds) in [
            (10_000, 10_000, true),
            (10_100, 10_400, true),
            (9_900, 9_600, true),
            (10_101, 10_000, false),
            (9_899, 10_000, false),
            (10_000, 9_599, false),
            (10_000, 60_000, false),
        ] {
            let held = hold(&prediction, &plan(debt, wallet), Bps(100));
            assert_eq!(held.is_ok(), holds, "{debt} {wallet}: {held:?}");
        }
        let mut gift = plan(10_000, 90_000);
        gift.figures[1].before.raw = U256::from(130_000);
        assert!(hold(&prediction, &gift, Bps(100)).is_ok(), "a gift is no reason to refuse");
        let told = hold(&prediction, &plan(20_000, 10_000), Bps(100)).expect_err("twice").to_string();
        for word in ["debt", "0.02 USDC", "0.01 USDC", "bounds.plan_drift_bps"] {
            assert!(told.contains(word), "`{word}` is not in {told}");
        }
    }

    #[test]
    fn what_is_not_predicted_or_only_predicted_is_refused() {
        let whole = Prediction::of(&plan(10_000, 10_000));
        for gone in 0..whole.figures.len() {
            let mut less = whole.clone();
            less.figures.remove(gone);
            assert!(hold(&less, &plan(10_000, 10_000), Bps(100)).is_err());
        }
        let mut more = whole.clone();
        more.figures.push(Predicted { name: "gift".into(), before: Quantity::bps(1), after: Quantity::bps(1) });
        assert!(hold(&more, &plan(10_000, 10_000), Bps(100)).is_err());
        let mut in_another_unit = whole;
        in_another_unit.figures[0].after.decimals = 18;
        assert!(hold(&in_another_unit, &plan(10_000, 10_000), Bps(100)).is_err());
    }
}
