//! After the chain has spoken: predicted beside actual, and the journal's positions brought up to date.

use alloy::primitives::U256;

use super::{Subject, algebra::leverage_wad};
use crate::{
    chain::Reader,
    journal::{IntentId, Journal, LoopTerms, NewLoop, PositionId, Stamp},
    plan::{Deviation, Figure, Plan},
    send::{SettleError, Settlement, measure, record},
};

/// Settles an intent whose transactions are all included: reads the outcome at the last one's block, records it beside the
/// prediction, and opens, changes or closes the position.
pub async fn settle<R: Reader>(
    journal: &Journal,
    reader: &R,
    id: IntentId,
    stamp: Stamp,
) -> Result<Settlement, SettleError> {
    let (plan, mut settlement) = measure(journal, reader, id).await?;
    // A plan of another room is not settled here: what it placed would never be followed.
    let subject: Subject =
        serde_json::from_value(plan.subject.clone()).map_err(|error| SettleError::Plan(id, error))?;
    settlement.figures.extend(leverage(&plan, &settlement.figures));
    update_position(journal, &plan, &subject, &settlement, id, stamp)?;
    record(journal, id, &settlement, stamp)?;
    Ok(settlement)
}

/// Leverage is not read but follows from collateral and debt: the prediction is scaled by what they turned out to be.
fn leverage(plan: &Plan, outcomes: &[Deviation]) -> Option<Deviation> {
    let figure = plan.figure("leverage")?;
    let of = |name: &str| outcomes.iter().find(|outcome| outcome.name == name);
    let (collateral, debt) = (of("collateral")?, of("debt")?);
    let value = value_of(plan, figure)?;
    let scaled = |worth: U256, outcome: &Deviation| {
        if outcome.predicted.raw.is_zero() {
            return Some(U256::ZERO);
        }
        crate::units::mul_div_down(worth, outcome.actual.raw, outcome.predicted.raw).ok()
    };
    let actual = leverage_wad(scaled(value.0, collateral)?, scaled(value.1, debt)?);
    Some(figure.compare(actual))
}

/// Collateral and debt in a common unit, from the predicted leverage: `C : D = L : L − 1`.
fn value_of(plan: &Plan, figure: &Figure) -> Option<(U256, U256)> {
    let leverage = figure.after.raw;
    let one = crate::units::WAD;
    let equity = leverage.checked_sub(one)?;
    plan.figure("collateral")?;
    let scale = U256::from(1_000_000_000u64);
    Some((leverage.checked_mul(scale)?, equity.checked_mul(scale)?))
}

fn update_position(
    journal: &Journal,
    plan: &Plan,
    subject: &Subject,
    settlement: &Settlement,
    id: IntentId,
    stamp: Stamp,
) -> Result<(), SettleError> {
    let pair = &subject.pair;
    let terms = LoopTerms {
        e_mode: subject.emode,
        thresholds: serde_json::to_value(subject.thresholds).map_err(|error| SettleError::Plan(id, error))?,
        collateral_principal: settlement.actual("collateral"),
        debt_principal: settlement.actual("debt"),
    };
    let open = journal.reader().open_loop_of(pair.collateral.token, pair.debt.token, false)?;
    match open {
        Some(position) if terms.collateral_principal.is_zero() => {
            let realised = serde_json::json!({ "closed_by": plan.kind, "figures": settlement.figures });
            journal.close_position(position.id, Some(id), &realised, stamp)?;
        }
        Some(position) => journal.update_loop(position.id, &terms, stamp)?,
        None if terms.collateral_principal.is_zero() => {}
        None => {
            let new = NewLoop {
                id: PositionId::derive(stamp.wall, id.to_string().as_bytes()),
                paper: false,
                collateral: pair.collateral.token,
                debt: pair.debt.token,
                terms,
            };
            journal.open_loop(&new, id, stamp)?;
        }
    }
    Ok(())
}
