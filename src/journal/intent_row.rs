//! An intent as recorded, and how its row is read.

use alloy::primitives::B256;
use rusqlite::{Connection, Error, Row, types::ValueRef};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    IntentId, IntentState, JournalError, Stamp,
    column::{Json, Text},
    damage,
    error::Fault,
};

/// An intent as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Intent {
    /// Its name.
    pub id: IntentId,
    /// What it does.
    pub kind: String,
    /// Practice on live prices, without transactions.
    pub paper: bool,
    /// How far it has come.
    pub state: IntentState,
    /// Why it ended or what is known of an unknown outcome.
    pub reason: Option<String>,
    /// The step it is at, from 0.
    pub step: u32,
    /// How many steps it has.
    pub steps: u32,
    /// The plan with its predictions.
    pub plan: Value,
    /// Hash of the plan.
    pub plan_hash: B256,
    /// What the chain shows, beside the plan's predictions.
    pub actual: Option<Value>,
    /// When it was planned.
    pub created: Stamp,
    /// When it last changed.
    pub updated: Stamp,
}

/// An intent whose state is to change; its plan and figures may be damaged.
pub(super) fn find(db: &Connection, id: IntentId) -> Result<Intent, Fault> {
    let read = |row: &Row<'_>| from_row(row).or_else(|error| salvaged(row).map_err(|_| error));
    let found = damage::found(db, "intents", "SELECT * FROM intents WHERE id = ?1", [id], read)?;
    found.ok_or_else(|| JournalError::UnknownIntent(id).into())
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Intent> {
    let core = core(row)?;
    Ok(Intent {
        reason: row.get("reason")?,
        plan: row.get::<_, Json>("plan")?.0,
        plan_hash: row.get::<_, Text<B256>>("plan_hash")?.0,
        actual: row.get::<_, Option<Json>>("actual")?.map(|json| json.0),
        created: Stamp::from_row(row, "created_")?,
        updated: Stamp::from_row(row, "updated_")?,
        ..core
    })
}

pub(super) fn core(row: &Row<'_>) -> rusqlite::Result<Intent> {
    let (step, steps) = (row.get("step")?, row.get("steps")?);
    if step >= steps {
        let index = row.as_ref().column_index("step")?;
        return Err(Error::IntegralValueOutOfRange(index, i64::from(step)));
    }
    Ok(Intent {
        id: row.get("id")?,
        kind: row.get("kind")?,
        paper: row.get("paper")?,
        state: row.get("state")?,
        reason: None,
        step,
        steps,
        plan: Value::Null,
        plan_hash: B256::ZERO,
        actual: None,
        created: Stamp::default(),
        updated: Stamp::default(),
    })
}

/// What is needed to follow a transaction to its end, of a row of which more cannot be read.
pub(super) fn salvaged(row: &Row<'_>) -> rusqlite::Result<Intent> {
    let reason = match row.get_ref("reason")? {
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    };
    let stamp = |prefix| Stamp::from_row(row, prefix).unwrap_or_default();
    Ok(Intent { reason, created: stamp("created_"), updated: stamp("updated_"), ..core(row)? })
}
