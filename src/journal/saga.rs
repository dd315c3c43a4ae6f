//! Sagas: one for every signal that was taken, from its acceptance to what became of it. The trade room owns the words
//! of the phases, the shape of the state and the roles of the intents; the journal keeps them across restarts.

use rusqlite::{Connection, Params, Row, Transaction, named_params};
use serde::Serialize;
use serde_json::Value;

use super::{
    IntentId, Journal, JournalError, JournalReader, Stamp,
    column::{Json, Text},
    damage::{self, Listed, listed},
    error::Fault,
    saga_intent::SagaIntent,
    signal,
};

/// A saga as recorded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saga {
    /// Its name: the signal's id.
    pub id: String,
    /// Practice without transactions.
    pub paper: bool,
    /// How far it has come, in the trade room's words.
    pub phase: String,
    /// What the trade room needs to go on after a restart.
    pub state: Value,
    /// What became of it; `None` while it runs.
    pub outcome: Option<String>,
    /// When the signal was taken.
    pub created: Stamp,
    /// When it last changed.
    pub updated: Stamp,
    /// When it ended.
    pub ended: Option<Stamp>,
}

impl Journal {
    /// Takes a signal and begins its saga, both or neither. A signal that was taken before, by whichever process, is
    /// refused with [`JournalError::DuplicateSignal`].
    pub fn begin_saga(
        &self,
        signal_id: &str,
        body: &Value,
        paper: bool,
        state: &Value,
        phase: &str,
        at: Stamp,
    ) -> Result<(), JournalError> {
        self.write(|tx| {
            signal::insert(tx, signal_id, body, paper, at)?;
            tx.execute(
                "INSERT INTO sagas (id, paper, phase, state, created_block_time, created_ms, updated_block_time,
                    updated_ms)
                 VALUES (:id, :paper, :phase, :state, :block, :ms, :block, :ms)",
                named_params! {
                    ":id": signal_id, ":paper": paper, ":phase": phase, ":state": Text(state),
                    ":block": at.block(), ":ms": at.ms(),
                },
            )?;
            Ok(())
        })
    }

    /// Records how far a running saga has come.
    pub fn update_saga(&self, id: &str, phase: &str, state: &Value, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            running(tx, id)?;
            update(tx, id, phase, state, at)
        })
    }

    /// Records how far a running saga has come and the governor's state that follows from it, both or neither.
    pub fn update_saga_and_governor(
        &self,
        id: &str,
        phase: &str,
        state: &Value,
        governor: &Value,
        at: Stamp,
    ) -> Result<(), JournalError> {
        self.write(|tx| {
            let paper = running(tx, id)?.paper;
            update(tx, id, phase, state, at)?;
            super::governor::set_state(tx, paper, governor, at)
        })
    }

    /// Records what became of a running saga; the phase stays the last it was in.
    pub fn end_saga(&self, id: &str, outcome: &str, state: &Value, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            running(tx, id)?;
            tx.execute(
                "UPDATE sagas SET outcome = ?2, state = ?3, updated_block_time = ?4, updated_ms = ?5,
                    ended_block_time = ?4, ended_ms = ?5
                 WHERE id = ?1",
                (id, outcome, Text(state), at.block(), at.ms()),
            )?;
            Ok(())
        })
    }

    /// Records that an intent will be part of a running saga. Call it before the intent is recorded: otherwise a crash
    /// between the two would leave something done that the saga does not know of. The same link again is fine.
    pub fn link_intent(&self, saga: &str, intent: IntentId, role: &str) -> Result<(), JournalError> {
        self.write(|tx| {
            if let Some(known) = link_of(tx, intent)? {
                let is_same = known.saga == saga && known.role == role;
                return if is_same { Ok(()) } else { Err(JournalError::IntentIsLinked(known).into()) };
            }
            running(tx, saga)?;
            let sql = "INSERT INTO saga_intents (saga, intent, role) VALUES (?1, ?2, ?3)";
            tx.execute(sql, (saga, intent, role))?;
            Ok(())
        })
    }
}

impl JournalReader {
    /// Sagas that run, oldest first: what to go on with after a restart.
    pub fn open_sagas(&self) -> Result<Vec<Saga>, JournalError> {
        self.listed(|db| list(db, "WHERE outcome IS NULL ORDER BY created_ms, rowid", []))
    }

    /// One saga; `None` when no signal of this id began one.
    pub fn saga(&self, id: &str) -> Result<Option<Saga>, JournalError> {
        self.query(|db| find(db, id))
    }

    /// The newest `limit` sagas, newest first.
    pub fn sagas(&self, limit: u32) -> Result<Vec<Saga>, JournalError> {
        self.listed(|db| list(db, "ORDER BY created_ms DESC, rowid DESC LIMIT ?1", [limit]))
    }

    /// A saga's intents in the order they were linked.
    pub fn intents_of_saga(&self, saga: &str) -> Result<Vec<SagaIntent>, JournalError> {
        let sql = "SELECT * FROM saga_intents WHERE saga = ?1 ORDER BY rowid";
        self.listed(|db| listed(db, "saga_intents", sql, [saga], link_from_row))
    }

    /// The saga an intent belongs to and its role there; `None` when it belongs to none.
    pub fn saga_of_intent(&self, intent: IntentId) -> Result<Option<SagaIntent>, JournalError> {
        self.query(|db| link_of(db, intent))
    }
}

fn update(tx: &Transaction<'_>, id: &str, phase: &str, state: &Value, at: Stamp) -> Result<(), Fault> {
    tx.execute(
        "UPDATE sagas SET phase = ?2, state = ?3, updated_block_time = ?4, updated_ms = ?5 WHERE id = ?1",
        (id, phase, Text(state), at.block(), at.ms()),
    )?;
    Ok(())
}

/// Refuses a saga that is unknown or over.
fn running(tx: &Transaction<'_>, id: &str) -> Result<Saga, Fault> {
    let saga = find(tx, id)?.ok_or_else(|| JournalError::UnknownSaga(id.to_owned()))?;
    match saga.outcome {
        None => Ok(saga),
        Some(outcome) => Err(JournalError::SagaIsOver { id: saga.id, outcome }.into()),
    }
}

fn find(db: &Connection, id: &str) -> Result<Option<Saga>, Fault> {
    damage::found(db, "sagas", "SELECT * FROM sagas WHERE id = ?1", [id], from_row)
}

fn list(db: &Connection, which: &str, params: impl Params) -> Result<Listed<Saga>, Fault> {
    listed(db, "sagas", &format!("SELECT * FROM sagas {which}"), params, from_row)
}

fn link_of(db: &Connection, intent: IntentId) -> Result<Option<SagaIntent>, Fault> {
    damage::found(db, "saga_intents", "SELECT * FROM saga_intents WHERE intent = ?1", [intent], link_from_row)
}

pub(super) fn link_from_row(row: &Row<'_>) -> rusqlite::Result<SagaIntent> {
    Ok(SagaIntent { saga: row.get("saga")?, intent: row.get("intent")?, role: row.get("role")? })
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Saga> {
    let outcome: Option<String> = row.get("outcome")?;
    Ok(Saga {
        id: row.get("id")?,
        paper: row.get("paper")?,
        phase: row.get("phase")?,
        state: row.get::<_, Json>("state")?.0,
        ended: if outcome.is_some() { Some(Stamp::from_row(row, "ended_")?) } else { None },
        outcome,
        created: Stamp::from_row(row, "created_")?,
        updated: Stamp::from_row(row, "updated_")?,
    })
}

#[cfg(test)]
mod tests {
    use alloy::primitives::Address;
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;

    fn fresh() -> (TempDir, Journal) {
        let dir = TempDir::new().expect("temporary directory");
        let journal = Journal::open(dir.path(), "replica-test", Address::repeat_byte(1)).expect("opens");
        (dir, journal)
    }

    #[test]
    fn a_full_disk_takes_neither_the_signal_nor_its_saga() {
        let (_dir, journal) = fresh();
        {
            let connection = journal.reader().connection();
            let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).expect("count");
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).expect("limit");
        }
        let (small, big) = (json!({}), json!({ "features": "x".repeat(100_000) }));
        // Once the signal does not fit, once only the saga does not.
        for (body, state) in [(&big, &small), (&small, &big)] {
            let result = journal.begin_saga("s-1", body, false, state, "accepted", Stamp::default());
            let error = result.expect_err("no room");
            assert!(matches!(error, JournalError::NotWritable { .. }) && error.exit_code() == 9, "{error}");
            assert_eq!(journal.reader().signal("s-1").expect("asked"), None);
            assert_eq!(journal.reader().saga("s-1").expect("asked"), None);
        }
        {
            let connection = journal.reader().connection();
            connection.pragma_update_and_check(None, "max_page_count", 10_000, |_| Ok(())).expect("room again");
        }
        journal.begin_saga("s-1", &big, false, &big, "accepted", Stamp::default()).expect("not a replay");
    }

    #[test]
    fn a_saga_that_cannot_be_written_gives_its_signal_back() {
        let (_dir, journal) = fresh();
        let result = journal.begin_saga("s-1", &json!({}), false, &json!({}), "", Stamp::default());
        assert!(matches!(result, Err(JournalError::Database { .. })), "a phase has a name: {result:?}");
        assert_eq!(journal.reader().signal("s-1").expect("asked"), None);
    }
}
