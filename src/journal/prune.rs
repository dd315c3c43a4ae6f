//! Pruning: ended intents and samples before a date go, so that a journal need not grow for ever. What is open, what the
//! positions' accounting refers to, and what the chain may still change stays.

use rusqlite::{Connection, Transaction};
use serde::Serialize;

use super::{Journal, JournalError, JournalReader, column::Int, error::Fault};
use crate::units::Millis;

/// The newest ended intents are looked at again for reorganised blocks, whatever their age.
const KEPT: u32 = 64;

/// What pruning takes away, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct Pruned {
    /// Ended intents.
    pub intents: u64,
    /// Their transactions.
    pub transactions: u64,
    /// Samples.
    pub samples: u64,
    /// Ended intents before the date that stay, because a position, an order, a trade that runs or a nonce needs them.
    pub kept: u64,
}

/// Ended before the date, and nothing refers to it: no position or order, no saga that runs, no transaction that shares a
/// nonce with one of another intent, not the highest nonce that is used, not among the newest.
const PRUNABLE: &str = "
    SELECT id FROM intents AS old
    WHERE state IN ('failed', 'reconciled') AND updated_ms < :before
      AND id NOT IN (SELECT id FROM intents WHERE state IN ('mined', 'failed', 'reconciled')
                     ORDER BY created_ms DESC, id DESC LIMIT :kept)
      AND NOT EXISTS (SELECT 1 FROM positions WHERE opened_by = old.id)
      AND NOT EXISTS (SELECT 1 FROM positions WHERE closed_by = old.id)
      AND NOT EXISTS (SELECT 1 FROM orders WHERE intent = old.id)
      AND NOT EXISTS (SELECT 1 FROM saga_intents JOIN sagas ON sagas.id = saga_intents.saga
                      WHERE saga_intents.intent = old.id AND sagas.outcome IS NULL)
      AND NOT EXISTS (SELECT 1 FROM transactions AS own JOIN transactions AS other ON other.nonce = own.nonce
                      WHERE own.intent = old.id AND other.intent <> old.id)
      AND NOT EXISTS (SELECT 1 FROM transactions WHERE intent = old.id
                      AND state NOT IN ('mined', 'failed', 'dropped'))
      AND NOT EXISTS (SELECT 1 FROM transactions WHERE intent = old.id
                      AND nonce >= (SELECT max(nonce) FROM transactions WHERE state IN ('mined', 'failed')))";

impl JournalReader {
    /// What [`Journal::prune`] would take away.
    pub fn prunable(&self, before: Millis) -> Result<Pruned, JournalError> {
        self.query(|db| {
            choose(db, before)?;
            count(db, before)
        })
    }
}

impl Journal {
    /// Takes away what ended before a date, and gives the room back to the disk where there is room to do it.
    pub fn prune(&self, before: Millis) -> Result<Pruned, JournalError> {
        let pruned = self.write(|tx| {
            choose(tx, before)?;
            let pruned = count(tx, before)?;
            remove(tx, before)?;
            Ok(pruned)
        })?;
        // Without room for the work the space is used again by what comes.
        if let Err(error) = self.reader().connection().execute_batch("VACUUM") {
            tracing::warn!(%error, "the journal's file keeps its size; the room in it is used again");
        }
        Ok(pruned)
    }
}

/// Puts the ids that go into a table of this connection, in memory.
fn choose(db: &Connection, before: Millis) -> Result<(), Fault> {
    db.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS pruning (id TEXT PRIMARY KEY) WITHOUT ROWID; DELETE FROM temp.pruning;",
    )?;
    let sql = format!("INSERT INTO temp.pruning {PRUNABLE}");
    db.execute(&sql, rusqlite::named_params! { ":before": Int(before.0), ":kept": KEPT })?;
    Ok(())
}

fn count(db: &Connection, before: Millis) -> Result<Pruned, Fault> {
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, Int>(0)).map(|int| int.0);
    let old = |sql: &str| db.query_row(sql, [Int(before.0)], |row| row.get::<_, Int>(0)).map(|int| int.0);
    let intents = one("SELECT count(*) FROM temp.pruning")?;
    let ended = old("SELECT count(*) FROM intents WHERE state IN ('failed', 'reconciled') AND updated_ms < ?1")?;
    Ok(Pruned {
        intents,
        transactions: one("SELECT count(*) FROM transactions WHERE intent IN (SELECT id FROM temp.pruning)")?,
        samples: old("SELECT count(*) FROM samples WHERE ms < ?1")?,
        kept: ended.saturating_sub(intents),
    })
}

fn remove(tx: &Transaction<'_>, before: Millis) -> Result<(), Fault> {
    // Links among an intent's own transactions may point both ways.
    tx.pragma_update(None, "defer_foreign_keys", true)?;
    tx.execute_batch(
        "UPDATE events SET intent = NULL WHERE intent IN (SELECT id FROM temp.pruning);
         DELETE FROM transactions WHERE intent IN (SELECT id FROM temp.pruning);
         INSERT OR IGNORE INTO pruned_intents (id, ms) SELECT id, updated_ms FROM intents
            WHERE id IN (SELECT id FROM temp.pruning);
         DELETE FROM intents WHERE id IN (SELECT id FROM temp.pruning);",
    )?;
    tx.execute("DELETE FROM samples WHERE ms < ?1", [Int(before.0)])?;
    Ok(())
}
