//! Signals that were taken: each id once, across restarts (strategy.md §2).

use serde_json::Value;

use super::{Journal, JournalError, JournalReader, Stamp, column::Json, column::Text, intent::is_duplicate_key};

impl Journal {
    /// Takes a signal, or refuses it as a replay.
    pub fn accept_signal(&self, id: &str, body: &Value, paper: bool, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let inserted = tx.execute(
                "INSERT INTO signals (id, body, paper, block_time, ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                (id, Text(body), paper, at.block(), at.ms()),
            );
            match inserted {
                Err(error) if is_duplicate_key(&error) => Err(JournalError::DuplicateSignal(id.to_owned()).into()),
                other => Ok(other.map(drop)?),
            }
        })
    }
}

impl JournalReader {
    /// A signal as it was taken; `None` when this id never was.
    pub fn signal(&self, id: &str) -> Result<Option<Value>, JournalError> {
        use rusqlite::OptionalExtension;
        self.query(|db| {
            let body = db.query_row("SELECT body FROM signals WHERE id = ?1", [id], |row| row.get::<_, Json>(0));
            Ok(body.optional()?.map(|json| json.0))
        })
    }
}
