//! Events: alerts and rules that fired, with the reason.

use rusqlite::Row;
use serde::Serialize;
use serde_json::Value;

use super::{
    IntentId, Journal, JournalError, JournalReader, PositionId, Stamp,
    column::{Int, Json, Text, words},
    damage::{self, listed},
};
use crate::units::Millis;

words! {
    /// How much an event matters.
    pub enum Severity {
        /// For the record.
        Info = "info",
        /// Something to know.
        Warning = "warning",
        /// Somebody should look now.
        Alert = "alert",
    }
}

/// Kind of the event that a drill of the watchdog leaves when it has passed.
pub const DRILL_PASSED: &str = "drill-passed";

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// How much it matters.
    pub severity: Severity,
    /// What, as one word such as `nonce-moved`.
    pub kind: String,
    /// Why, in words with figures.
    pub reason: String,
    /// The figures for programs.
    pub figures: Value,
    /// The intent it belongs to.
    pub intent: Option<IntentId>,
    /// The position it belongs to.
    pub position: Option<PositionId>,
    /// The saga it belongs to: its signal's id.
    pub saga: Option<String>,
    /// When.
    pub at: Stamp,
}

impl Journal {
    /// Adds an event.
    pub fn append_event(&self, event: &Event) -> Result<(), JournalError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO events (severity, kind, reason, figures, intent, position, saga, block_time, ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                (
                    event.severity,
                    &event.kind,
                    &event.reason,
                    Text(&event.figures),
                    event.intent,
                    event.position,
                    &event.saga,
                    event.at.block(),
                    event.at.ms(),
                ),
            )?;
            Ok(())
        })
    }
}

impl JournalReader {
    /// The newest `limit` events at or after `since`, oldest of them first.
    pub fn events(&self, since: Option<Millis>, limit: u32) -> Result<Vec<Event>, JournalError> {
        let sql =
            "SELECT * FROM (SELECT * FROM events WHERE ?1 IS NULL OR ms >= ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id";
        let params = (since.map(|since| Int(since.0)), limit);
        self.listed(|db| listed(db, "events", sql, params, from_row))
    }
}

impl JournalReader {
    /// The newest event of a kind.
    pub fn last_event(&self, kind: &str) -> Result<Option<Event>, JournalError> {
        let sql = "SELECT * FROM events WHERE kind = ?1 ORDER BY id DESC LIMIT 1";
        self.query(|db| damage::found(db, "events", sql, [kind], from_row))
    }
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        severity: row.get("severity")?,
        kind: row.get("kind")?,
        reason: row.get("reason")?,
        figures: row.get::<_, Json>("figures")?.0,
        intent: row.get("intent")?,
        position: row.get("position")?,
        saga: row.get("saga")?,
        at: Stamp::from_row(row, "")?,
    })
}
