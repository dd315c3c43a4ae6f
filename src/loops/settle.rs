//! After the chain has spoken: predicted beside actual, and the journal's positions brought up to date.

use alloy::primitives::{B256, U256};
use serde::{Deserialize, Serialize};

use super::{Subject, algebra::leverage_wad};
use crate::{
    chain::{Batch, ReadError, Reader},
    journal::{
        IntentId, Journal, JournalError, LoopTerms, NewLoop, PositionId, Stamp, TransactionRecord, TransactionState,
    },
    plan::{Deviation, Figure, Plan, Quantity, deviations},
};

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The block whose state was read.
    pub block: u64,
    /// Transactions that were included, in order.
    pub transactions: Vec<B256>,
    /// Gas used by all of them.
    pub gas_used: u64,
    /// Paid for gas, L2 and L1, wei.
    pub gas_cost: Quantity,
    /// Prediction beside outcome.
    pub figures: Vec<Deviation>,
}

/// Why an action that was carried out could not be settled; the next `journal reconcile` tries again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// The chain did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal's plan cannot be read back.
    #[error("the plan of intent {0} cannot be read back: {1}")]
    Plan(IntentId, serde_json::Error),
    /// The journal says it was included, but not where.
    #[error("intent {0} has no included transaction")]
    NotIncluded(IntentId),
    /// An answer is shorter than the figure needs.
    #[error("the answer for `{0}` has no such word")]
    ShortAnswer(String),
}

/// Settles an intent whose transactions are all included: reads the outcome at the last one's block, records it beside the
/// prediction, and opens, changes or closes the position.
pub async fn settle<R: Reader>(
    journal: &Journal,
    reader: &R,
    id: IntentId,
    stamp: Stamp,
) -> Result<Settlement, SettleError> {
    let intent = journal.reader().intent(id)?;
    let plan: Plan = serde_json::from_value(intent.plan).map_err(|error| SettleError::Plan(id, error))?;
    let records = journal.reader().transactions(id)?;
    let settlement = outcome(reader, &plan, &records).await?.ok_or(SettleError::NotIncluded(id))?;
    let actual = serde_json::to_value(&settlement).map_err(|error| SettleError::Plan(id, error))?;
    if let Ok(subject) = serde_json::from_value::<Subject>(plan.subject.clone()) {
        update_position(journal, &plan, &subject, &settlement, id, stamp)?;
    }
    journal.record_reconciled(id, &actual, stamp)?;
    Ok(settlement)
}

async fn outcome<R: Reader>(
    reader: &R,
    plan: &Plan,
    records: &[TransactionRecord],
) -> Result<Option<Settlement>, SettleError> {
    let included: Vec<_> = records
        .iter()
        .filter(|record| record.state == TransactionState::Mined)
        .filter_map(|record| record.inclusion.as_ref().map(|inclusion| (record, inclusion)))
        .collect();
    let Some((_, last)) = included.iter().max_by_key(|(_, inclusion)| inclusion.block_number) else { return Ok(None) };
    let mut gas_cost = U256::ZERO;
    for (_, inclusion) in &included {
        let price = U256::from(inclusion.effective_gas_price);
        let l2 = price.saturating_mul(U256::from(inclusion.gas_used));
        gas_cost = gas_cost.saturating_add(l2).saturating_add(inclusion.l1_fee.unwrap_or_default());
    }
    let mut figures = read_figures(reader, last.block_hash, plan, gas_cost).await?;
    figures.extend(leverage(plan, &figures));
    Ok(Some(Settlement {
        block: last.block_number,
        transactions: included.iter().filter_map(|(record, _)| record.hash).collect(),
        gas_used: included.iter().map(|(_, inclusion)| inclusion.gas_used).sum(),
        gas_cost: Quantity::new(gas_cost, 18, "ETH"),
        figures,
    }))
}

async fn read_figures<R: Reader>(
    reader: &R,
    at: B256,
    plan: &Plan,
    gas_cost: U256,
) -> Result<Vec<Deviation>, SettleError> {
    let mut batch = Batch::new();
    let slots: Vec<_> = plan
        .figures
        .iter()
        .filter_map(|figure| figure.read.as_ref().map(|read| (figure, read)))
        .map(|(figure, read)| (figure, read, batch.add_encoded(read.to, read.data.clone())))
        .collect();
    let answers = reader.read(at, &batch).await?;
    let mut words = Vec::with_capacity(slots.len());
    for (figure, read, slot) in slots {
        let answer = answers.encoded(slot)?;
        let start = read.word * 32;
        let word = answer.get(start..start + 32).map(U256::from_be_slice);
        let word = word.ok_or_else(|| SettleError::ShortAnswer(figure.label.clone()))?;
        words.push(if read.pays_gas { word.saturating_add(gas_cost) } else { word });
    }
    Ok(deviations(&plan.figures, &words))
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
    let actual = |name: &str| {
        settlement.figures.iter().find(|figure| figure.name == name).map_or(U256::ZERO, |figure| figure.actual.raw)
    };
    let terms = LoopTerms {
        e_mode: subject.emode,
        thresholds: serde_json::to_value(subject.thresholds).map_err(|error| SettleError::Plan(id, error))?,
        collateral_principal: actual("collateral"),
        debt_principal: actual("debt"),
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
