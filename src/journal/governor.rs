//! What the strategies remember across restarts: the governor's state and every computation of exit levels. Both are
//! JSON of the strategy room's own types (strategy.md §6, §9).

use rusqlite::{Row, Transaction};
use serde_json::Value;

use super::{
    Journal, JournalError, JournalReader, PositionId, Stamp,
    column::{Json, Text},
    damage::{self, listed},
    error::Fault,
};

impl Journal {
    /// Replaces the governor's state; practice (`paper`) has one of its own.
    pub fn set_governor_state(&self, paper: bool, state: &Value, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| set_state(tx, paper, state, at))
    }

    /// Adds a computation of exit levels for a symbol such as `ETH/USD`.
    pub fn append_levels(
        &self,
        symbol: &str,
        position: Option<PositionId>,
        computation: &Value,
        at: Stamp,
    ) -> Result<(), JournalError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO adaptive_levels (symbol, position, computation, block_time, ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                (symbol, position, Text(computation), at.block(), at.ms()),
            )?;
            Ok(())
        })
    }
}

pub(super) fn set_state(tx: &Transaction<'_>, paper: bool, state: &Value, at: Stamp) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO governor_state (paper, state, block_time, ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (paper) DO UPDATE SET state = excluded.state, block_time = excluded.block_time, ms = excluded.ms",
        (paper, Text(state), at.block(), at.ms()),
    )?;
    Ok(())
}

impl JournalReader {
    /// The governor's state, that of practice or the real one; `None` before it was ever set.
    pub fn governor_state(&self, paper: bool) -> Result<Option<Value>, JournalError> {
        self.query(|db| {
            let sql = "SELECT paper AS id, state FROM governor_state WHERE paper = ?1";
            damage::found(db, "governor_state", sql, [paper], |row| row.get::<_, Json>("state").map(|json| json.0))
        })
    }

    /// The newest `limit` computations of exit levels, oldest of them first.
    pub fn levels(&self, limit: u32) -> Result<Vec<Value>, JournalError> {
        let sql = "SELECT * FROM (SELECT id, computation FROM adaptive_levels ORDER BY id DESC LIMIT ?1) ORDER BY id";
        let read = |row: &Row<'_>| row.get::<_, Json>("computation").map(|json| json.0);
        self.listed(|db| listed(db, "adaptive_levels", sql, [limit], read))
    }
}
