//! Intents: what somebody wants done, from the plan to the comparison with the chain.

use alloy::primitives::B256;
use rusqlite::{Connection, ErrorCode, Transaction, named_params};
use serde_json::Value;

use super::{
    IntentId, IntentState, Journal, JournalError, JournalReader, Stamp,
    column::Text,
    damage::{self, listed},
    error::Fault,
    intent_row::{Intent, find, from_row},
    lease_rows,
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
            if is_pruned(tx, intent.id)? {
                return Err(JournalError::PrunedIntent(intent.id).into());
            }
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
            lease_rows::release_of(tx, id, reason, at)?;
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
        // Of each state the newest, by its index: the plans of the others are not read.
        let of_state = |state: &str| {
            format!(
                "SELECT * FROM (SELECT id, created_ms FROM intents WHERE {state} (:kind IS NULL OR kind = :kind)
                    AND created_ms >= :since ORDER BY created_ms DESC, id DESC LIMIT :limit)"
            )
        };
        let chosen = match filter.states.as_slice() {
            [] => of_state(""),
            states => {
                let each: Vec<_> = states.iter().map(|state| of_state(&format!("state = '{state}' AND"))).collect();
                each.join(" UNION ALL ")
            }
        };
        let sql = format!(
            "SELECT * FROM intents WHERE id IN (SELECT id FROM ({chosen}) ORDER BY created_ms DESC, id DESC LIMIT :limit)
             ORDER BY created_ms DESC, id DESC"
        );
        let params = named_params! {
            ":kind": filter.kind, ":since": filter.since.map_or(i64::MIN, |since| since.0.try_into().unwrap_or(i64::MAX)),
            ":limit": filter.limit.map_or(-1, i64::from),
        };
        self.listed(|db| listed(db, "intents", &sql, params, from_row))
    }

    /// One intent.
    pub fn intent(&self, id: IntentId) -> Result<Intent, JournalError> {
        self.query(|db| {
            let found = damage::found(db, "intents", "SELECT * FROM intents WHERE id = ?1", [id], from_row)?;
            match found {
                Some(intent) => Ok(intent),
                None if is_pruned(db, id)? => Err(JournalError::PrunedIntent(id).into()),
                None => Err(JournalError::UnknownIntent(id).into()),
            }
        })
    }

    /// How far an intent has come, also where the rest of its row cannot be read.
    pub fn intent_state(&self, id: IntentId) -> Result<IntentState, JournalError> {
        self.query(|db| Ok(find(db, id)?.state))
    }
}

fn is_pruned(db: &Connection, id: IntentId) -> Result<bool, Fault> {
    Ok(db.prepare_cached("SELECT 1 FROM pruned_intents WHERE id = ?1")?.exists([id])?)
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
