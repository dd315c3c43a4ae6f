//! Repairing a row that may be in flight and cannot be read: once the chain has used its nonce, it can have no effect
//! any more and stands in nobody's way.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::json;

use super::{
    IntentState, Journal, JournalError, Stamp, TransactionState,
    column::{Int, Text},
    damaged_row,
    error::Fault,
    outcome,
};

impl Journal {
    /// Marks a damaged row of intents (by its id) or of transactions (by its number) as ended. `chain_nonce` is the
    /// account's next nonce by the chain: refused unless every nonce that was signed for the row is below it.
    pub fn set_aside(&self, id: &str, chain_nonce: u64, at: Stamp) -> Result<(), JournalError> {
        self.without_checks(|tx| match intent_of(tx, id)? {
            Some(intent) => {
                require_used(tx, id, "intent = ?1", chain_nonce)?;
                tx.execute(
                    "UPDATE transactions SET state = 'dropped', reason = ?2, updated_ms = ?3, updated_block_time = ?4
                     WHERE intent = ?1 AND state NOT IN ('mined', 'failed', 'dropped')",
                    (id, REASON, at.ms(), at.block()),
                )?;
                tx.execute(
                    "UPDATE intents SET state = 'failed', reason = ?2, updated_ms = ?3, updated_block_time = ?4
                     WHERE id = ?1",
                    (id, REASON, at.ms(), at.block()),
                )?;
                remember(tx, "intents", id, &intent, at)
            }
            None => {
                let (state, intent) = transaction_of(tx, id)?;
                require_used(tx, id, "id = CAST(?1 AS INTEGER)", chain_nonce)?;
                tx.execute(
                    "UPDATE transactions SET state = 'dropped', reason = ?2, updated_ms = ?3, updated_block_time = ?4
                     WHERE id = CAST(?1 AS INTEGER)",
                    (id, REASON, at.ms(), at.block()),
                )?;
                if let Ok(intent) = intent.parse() {
                    outcome::settle(tx, intent, Some(REASON), at)?;
                }
                remember(tx, "transactions", id, &state, at)
            }
        })
    }

    /// A change of rows that do not keep what the tables ask for.
    fn without_checks(&self, change: impl FnOnce(&Transaction<'_>) -> Result<(), Fault>) -> Result<(), JournalError> {
        let set = |on: bool| self.reader().connection().pragma_update(None, "ignore_check_constraints", on);
        let path = self.reader().path();
        set(true).map_err(|error| Fault::from(error).at(path))?;
        let done = self.write(change);
        set(false).map_err(|error| Fault::from(error).at(path))?;
        done
    }
}

const REASON: &str = "set aside: it could not be read, and the chain has used its nonce";

/// The state that a damaged intent has; `None` when there is no intent of this name.
fn intent_of(db: &Connection, id: &str) -> Result<Option<String>, Fault> {
    let read = |row: &rusqlite::Row<'_>| row.get_ref("state").map(damaged_row::plain);
    let mut statement = db.prepare("SELECT * FROM intents WHERE id = ?1")?;
    let Some(state) = statement.query_row([id], read).optional()? else { return Ok(None) };
    let is_readable = statement.query_row([id], |row| Ok(super::intent_row::core(row).is_ok())).optional()?;
    match (is_readable, state.parse::<IntentState>()) {
        (Some(true), _) => Err(refused(id, "it can be followed: `trimtab journal reconcile` settles it")),
        (_, Ok(known)) if !known.is_unresolved() => Err(refused(id, "nothing of it is in flight: it blocks nothing")),
        _ => Ok(Some(state)),
    }
}

fn transaction_of(db: &Connection, id: &str) -> Result<(String, String), Fault> {
    let sql = "SELECT state, intent FROM transactions WHERE id = CAST(?1 AS INTEGER) AND CAST(id AS TEXT) = ?1";
    let read = |row: &rusqlite::Row<'_>| Ok((damaged_row::plain(row.get_ref(0)?), damaged_row::plain(row.get_ref(1)?)));
    let found = db.query_row(sql, [id], read).optional()?;
    let (state, intent) = found.ok_or_else(|| refused(id, "no row of intents or transactions has this name"))?;
    match state.parse::<TransactionState>() {
        Ok(_) => Err(refused(id, "its state can be read: `trimtab journal reconcile` follows it")),
        Err(_) => Ok((state, intent)),
    }
}

/// Refuses unless the chain has used every nonce that something may have been signed with.
fn require_used(db: &Connection, id: &str, which: &str, chain_nonce: u64) -> Result<(), Fault> {
    let sql = format!("SELECT nonce FROM transactions WHERE {which} AND state NOT IN ('leased', 'dropped')");
    let mut statement = db.prepare(&sql)?;
    for nonce in statement.query_map([id], |row| row.get::<_, i64>(0))? {
        match u64::try_from(nonce?) {
            Ok(nonce) if nonce < chain_nonce => {}
            Ok(nonce) => {
                let reason = format!(
                    "nonce {nonce} is not used yet (the chain's next is {chain_nonce}), so what was signed may still be \
                     included; send something from the wallet with this nonce, or restore a backup"
                );
                return Err(refused(id, &reason));
            }
            Err(_) => return Err(refused(id, "its nonce cannot be read; restore a backup")),
        }
    }
    Ok(())
}

fn remember(tx: &Transaction<'_>, table: &str, id: &str, state: &str, at: Stamp) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO events (severity, kind, reason, figures, block_time, ms) VALUES ('warning', ?1, ?2, ?3, ?4, ?5)",
        (
            "row-set-aside",
            format!("{table} {id}: {REASON}"),
            Text(json!({ "table": table, "id": id, "state": state })),
            Int(at.block_time.0),
            Int(at.wall.0),
        ),
    )?;
    Ok(())
}

fn refused(id: &str, reason: &str) -> Fault {
    JournalError::NotSetAside { id: id.to_owned(), reason: reason.to_owned() }.into()
}
