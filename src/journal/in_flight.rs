//! Intents in flight: what was signed and may still take effect, also where the journal's row of it is damaged.

use std::cell::RefCell;

use rusqlite::{Connection, Row};

use super::{
    DamagedRow, Intent, IntentId, IntentState, JournalError, JournalReader, TransactionState,
    damage::listed,
    error::Fault,
    intent_row::{from_row, salvaged},
};

/// States in which something signed may still take effect; a word that is none of the known ones may be such a state.
pub(super) const IN_FLIGHT: &str = "state NOT IN ('planned', 'approved', 'simulated', 'mined', 'failed', 'reconciled')";

/// Transactions of which nobody can say how far they have come.
pub(super) const UNREADABLE: &str =
    "state NOT IN ('leased', 'signed', 'sent', 'mined', 'failed', 'dropped', 'unknown')";

impl JournalReader {
    /// Intents of which something signed may still take effect, oldest first. While there are any, nothing else is
    /// started for the account. One whose plan or figures cannot be read is among them without these; one whose state
    /// or name cannot be read is not, and keeps signing refused ([`Self::require_resolved`]).
    pub fn unresolved(&self) -> Result<Vec<Intent>, JournalError> {
        let sql = format!("SELECT * FROM intents WHERE {IN_FLIGHT} ORDER BY created_ms, id");
        let mut damaged = Vec::new();
        let read = |row: &Row<'_>| {
            from_row(row).or_else(|error| {
                let intent = salvaged(row)?;
                damaged.extend(DamagedRow::of(row, "intents", &error));
                Ok(intent)
            })
        };
        let read = RefCell::new(read);
        let intents = self.listed(|db| listed(db, "intents", &sql, [], |row| (read.borrow_mut())(row)))?;
        damaged.into_iter().for_each(|row| self.add_damaged(row));
        Ok(intents)
    }

    /// Refuses while something signed may still take effect, also where the journal's row of it cannot be read.
    pub fn require_resolved(&self) -> Result<(), JournalError> {
        self.query(|db| check_resolved(db, None))
    }
}

/// Refuses while an intent outside `except` is unresolved.
pub(super) fn check_resolved(db: &Connection, except: Option<IntentId>) -> Result<(), Fault> {
    let except = except.map(|id| id.to_string());
    let sql = format!("SELECT * FROM intents WHERE {IN_FLIGHT} AND id IS NOT ?1 ORDER BY created_ms, id");
    let name = |row: &Row<'_>| {
        row.get::<_, IntentState>("state")?;
        row.get::<_, IntentId>("id")
    };
    let intents = listed(db, "intents", &sql, [except], name)?;
    let sql = format!("SELECT * FROM transactions WHERE {UNREADABLE} ORDER BY id");
    let transactions = listed(db, "transactions", &sql, [], |row| row.get::<_, TransactionState>("state"))?;
    let rows: Vec<_> = intents.damaged.into_iter().chain(transactions.damaged).collect();
    if !rows.is_empty() {
        return Err(JournalError::UnreadableInFlight { rows }.into());
    }
    if intents.rows.is_empty() { Ok(()) } else { Err(JournalError::Unresolved { ids: intents.rows }.into()) }
}
