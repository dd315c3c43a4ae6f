//! After the chain has spoken: predicted beside actual.

use alloy::primitives::{B256, U256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    chain::{Batch, ReadError, Reader},
    journal::{IntentId, IntentState, Journal, JournalError, TransactionRecord, TransactionState},
    plan::{Deviation, Plan, Quantity, SubjectError, deviations},
};

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// It is not of the kind of action that settles it.
    #[error("the plan of intent {0}: {1}")]
    Subject(IntentId, SubjectError),
    /// The journal says it was included, but not where.
    #[error("intent {0} has no included transaction")]
    NotIncluded(IntentId),
    /// An amount does not fit the arithmetic.
    #[error(transparent)]
    Math(#[from] crate::units::MathError),
    /// An answer is shorter than the figure needs.
    #[error("the answer for `{0}` has no such word")]
    ShortAnswer(String),
}

impl Settlement {
    /// What a figure came to; zero for one that is not read.
    #[must_use]
    pub fn actual(&self, name: &str) -> U256 {
        self.figures.iter().find(|figure| figure.name == name).map_or(U256::ZERO, |figure| figure.actual.raw)
    }
}

/// Reads what an intent came to whose transactions are all included, at the last one's block. Nothing is recorded yet: the
/// room that planned it adds what only it knows, and then calls [`record`].
pub async fn measure<R: Reader>(
    journal: &Journal,
    reader: &R,
    id: IntentId,
) -> Result<(Plan, Settlement), SettleError> {
    let intent = journal.reader().intent(id)?;
    let plan: Plan = serde_json::from_value(intent.plan).map_err(|error| SettleError::Plan(id, error))?;
    let records = journal.reader().transactions(id)?;
    let settlement = outcome(reader, &plan, &records).await?.ok_or(SettleError::NotIncluded(id))?;
    Ok((plan, settlement))
}

/// Records a settlement: the intent is done. One that another task has recorded meanwhile stays as it is.
pub fn record(
    journal: &Journal,
    id: IntentId,
    settlement: &Settlement,
    stamp: crate::journal::Stamp,
) -> Result<(), SettleError> {
    let actual = serde_json::to_value(settlement).map_err(|error| SettleError::Plan(id, error))?;
    match journal.record_reconciled(id, &actual, stamp) {
        Err(JournalError::IllegalIntent { from: IntentState::Reconciled, .. }) => Ok(()),
        other => Ok(other?),
    }
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
    let figures = read_figures(reader, last.block_hash, plan, gas_cost).await?;
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
