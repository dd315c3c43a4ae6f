//! Signals that were taken: each id once, across restarts (strategy.md §2).

use rusqlite::{Connection, Transaction};
use serde_json::Value;

use super::{
    Journal, JournalError, JournalReader, Stamp,
    column::{Json, Text},
    damage,
    error::Fault,
    intent::is_duplicate_key,
};

impl Journal {
    /// Takes a signal without beginning a saga, or refuses it as a replay.
    pub fn accept_signal(&self, id: &str, body: &Value, paper: bool, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| insert(tx, id, body, paper, at))
    }
}

impl JournalReader {
    /// A signal as it was taken; `None` when this id never was.
    pub fn signal(&self, id: &str) -> Result<Option<Value>, JournalError> {
        self.query(|db| find(db, id))
    }
}

/// Takes a signal; the primary key refuses a replay, whoever took it first.
pub(super) fn insert(tx: &Transaction<'_>, id: &str, body: &Value, paper: bool, at: Stamp) -> Result<(), Fault> {
    let inserted = tx.execute(
        "INSERT INTO signals (id, body, paper, block_time, ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        (id, Text(body), paper, at.block(), at.ms()),
    );
    match inserted {
        Err(error) if is_duplicate_key(&error) => Err(JournalError::DuplicateSignal(id.to_owned()).into()),
        other => Ok(other.map(drop)?),
    }
}

/// Refuses a signal that was never taken.
pub(super) fn require(tx: &Transaction<'_>, id: &str) -> Result<(), Fault> {
    let known = tx.prepare_cached("SELECT 1 FROM signals WHERE id = ?1")?.exists([id])?;
    if known { Ok(()) } else { Err(JournalError::UnknownSignal(id.to_owned()).into()) }
}

fn find(db: &Connection, id: &str) -> Result<Option<Value>, Fault> {
    let sql = "SELECT id, body FROM signals WHERE id = ?1";
    damage::found(db, "signals", sql, [id], |row| row.get::<_, Json>("body").map(|json| json.0))
}
