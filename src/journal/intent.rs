//! Intents: what somebody wants done, from the plan to the comparison with the chain.

use alloy::primitives::B256;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, named_params};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    IntentId, IntentState, Journal, JournalError, JournalReader, Stamp,
    column::{Int, Json, Text},
    error::Fault,
    nonce,
};
use crate::units::Millis;

/// An intent to be recorded as planned.
#[derive(Debug, Clone)]
pub struct NewIntent {
    /// Its name; recording the same name twice is refused.
    pub id: IntentId,
    /// What it does, such as `loop-open`.
    pub kind: String,
    /// Marks practice on live prices, without transactions.
    pub paper: bool,
    /// The plan with its predictions.
    pub plan: Value,
    /// Hash of the plan.
    pub plan_hash: B256,
    /// Transactions the plan needs one after the other; at least 1.
    pub steps: u32,
}

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

/// Which intents to list; the default is all of them.
#[derive(Debug, Clone, Default)]
pub struct IntentFilter {
    /// In one of these states; empty means any.
    pub states: Vec<IntentState>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Created at or after this wall-clock time.
    pub since: Option<Millis>,
    /// At most so many, the newest.
    pub limit: Option<u32>,
}

impl Journal {
    /// Records a plan: planned.
    pub fn record_planned(&self, intent: &NewIntent, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let inserted = tx.execute(
                "INSERT INTO intents (id, kind, paper, plan, plan_hash, steps, step, state,
                    created_block_time, created_ms, updated_block_time, updated_ms)
                 VALUES (:id, :kind, :paper, :plan, :plan_hash, :steps, 0, :state, :block, :ms, :block, :ms)",
                named_params! {
                    ":id": intent.id, ":kind": intent.kind, ":paper": intent.paper, ":plan": Text(&intent.plan),
                    ":plan_hash": Text(intent.plan_hash), ":steps": intent.steps, ":state": IntentState::Planned,
                    ":block": at.block(), ":ms": at.ms(),
                },
            );
            match inserted {
                Err(error) if is_duplicate_key(&error) => Err(JournalError::DuplicateIntent(intent.id).into()),
                other => Ok(other.map(drop)?),
            }
        })
    }

    /// Records that every bound holds: planned → approved.
    pub fn record_approved(&self, id: IntentId, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| move_to(tx, &find(tx, id)?, IntentState::Approved, None, at))
    }

    /// Records a simulation that did what the plan says: approved → simulated. After a step was mined it is the next
    /// step's simulation: mined → simulated, one step on.
    pub fn record_simulated(&self, id: IntentId, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let intent = find(tx, id)?;
            let next = intent.step + u32::from(intent.state == IntentState::Mined);
            if next >= intent.steps {
                let (from, to) = (intent.state, IntentState::Simulated);
                return Err(JournalError::IllegalIntent { id, from, to }.into());
            }
            move_to(tx, &intent, IntentState::Simulated, None, at)?;
            tx.execute("UPDATE intents SET step = ?2 WHERE id = ?1", (id, next))?;
            Ok(())
        })
    }

    /// Records that it ends before anything of the current step was signed: refused by a bound, by the simulation,
    /// or given up. Its leased nonce is released.
    pub fn record_refused(&self, id: IntentId, reason: &str, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let intent = find(tx, id)?;
            let is_before_signing = match intent.state {
                IntentState::Planned | IntentState::Approved | IntentState::Simulated => true,
                IntentState::Mined => intent.step + 1 < intent.steps,
                _ => false,
            };
            if !is_before_signing {
                let (from, to) = (intent.state, IntentState::Failed);
                return Err(JournalError::IllegalIntent { id, from, to }.into());
            }
            nonce::release_of(tx, id, reason, at)?;
            move_to(tx, &intent, IntentState::Failed, Some(reason), at)
        })
    }

    /// Records what the chain shows, beside the predictions: mined or failed → reconciled.
    pub fn record_reconciled(&self, id: IntentId, actual: &Value, at: Stamp) -> Result<(), JournalError> {
        fail::fail_point!("journal-before-reconciled");
        self.write(|tx| {
            let intent = find(tx, id)?;
            move_to(tx, &intent, IntentState::Reconciled, intent.reason.as_deref(), at)?;
            tx.execute("UPDATE intents SET actual = ?2 WHERE id = ?1", (id, Text(actual)))?;
            Ok(())
        })?;
        fail::fail_point!("journal-after-reconciled");
        Ok(())
    }
}

impl JournalReader {
    /// The intents that pass the filter, newest first.
    pub fn intents(&self, filter: &IntentFilter) -> Result<Vec<Intent>, JournalError> {
        let words: Vec<_> = filter.states.iter().map(|state| state.as_str()).collect();
        let states = (!words.is_empty()).then(|| Value::from(words).to_string());
        self.query(|db| {
            let mut statement = db.prepare(
                "SELECT * FROM intents
                 WHERE (:states IS NULL OR state IN (SELECT value FROM json_each(:states)))
                   AND (:kind IS NULL OR kind = :kind) AND (:since IS NULL OR created_ms >= :since)
                 ORDER BY created_ms DESC, id DESC LIMIT :limit",
            )?;
            let rows = statement.query_map(
                named_params! {
                    ":states": states, ":kind": filter.kind, ":since": filter.since.map(|since| Int(since.0)),
                    ":limit": filter.limit.map_or(-1, i64::from),
                },
                from_row,
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// One intent.
    pub fn intent(&self, id: IntentId) -> Result<Intent, JournalError> {
        self.query(|db| find(db, id))
    }

    /// Intents of which something signed may still take effect, oldest first. While there are any, nothing else is
    /// started for the account.
    pub fn unresolved(&self) -> Result<Vec<Intent>, JournalError> {
        self.query(|db| {
            let mut statement = db.prepare(
                "SELECT * FROM intents WHERE state IN ('signed', 'sent', 'unknown') ORDER BY created_ms, id",
            )?;
            let rows = statement.query_map([], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Refuses while an intent outside `except` is unresolved.
pub(super) fn check_resolved(tx: &Transaction<'_>, except: IntentId) -> Result<(), Fault> {
    let mut statement = tx.prepare_cached(
        "SELECT id FROM intents WHERE state IN ('signed', 'sent', 'unknown') AND id <> ?1 ORDER BY created_ms, id",
    )?;
    let ids = statement.query_map([except], |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() { Ok(()) } else { Err(JournalError::Unresolved { ids }.into()) }
}

pub(super) fn find(db: &Connection, id: IntentId) -> Result<Intent, Fault> {
    let found = db.query_row("SELECT * FROM intents WHERE id = ?1", [id], from_row).optional()?;
    found.ok_or_else(|| JournalError::UnknownIntent(id).into())
}

/// The only place where the state of an intent changes.
pub(super) fn move_to(
    tx: &Transaction<'_>,
    intent: &Intent,
    to: IntentState,
    reason: Option<&str>,
    at: Stamp,
) -> Result<(), Fault> {
    if !intent.state.can_become(to) {
        return Err(JournalError::IllegalIntent { id: intent.id, from: intent.state, to }.into());
    }
    tx.execute(
        "UPDATE intents SET state = ?2, reason = ?3, updated_block_time = ?4, updated_ms = ?5 WHERE id = ?1",
        (intent.id, to, reason, at.block(), at.ms()),
    )?;
    Ok(())
}

pub(super) fn is_duplicate_key(error: &rusqlite::Error) -> bool {
    let key = rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY;
    error.sqlite_error().is_some_and(|e| e.code == ErrorCode::ConstraintViolation && e.extended_code == key)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Intent> {
    Ok(Intent {
        id: row.get("id")?,
        kind: row.get("kind")?,
        paper: row.get("paper")?,
        state: row.get("state")?,
        reason: row.get("reason")?,
        step: row.get("step")?,
        steps: row.get("steps")?,
        plan: row.get::<_, Json>("plan")?.0,
        plan_hash: row.get::<_, Text<B256>>("plan_hash")?.0,
        actual: row.get::<_, Option<Json>>("actual")?.map(|json| json.0),
        created: Stamp::from_row(row, "created_")?,
        updated: Stamp::from_row(row, "updated_")?,
    })
}
