//! What became of a signed transaction, and what that means for its intent and for others on the same nonce.

use alloy::primitives::B256;
use rusqlite::{Row, Transaction, named_params};

use super::{
    Inclusion, IntentId, IntentState, Journal, JournalError, Stamp, TransactionRecord, TransactionState,
    column::{Int, Text},
    damage,
    error::Fault,
    intent,
    intent_row::{self, Intent},
    lease_rows, transaction,
};

impl Journal {
    /// An endpoint took it, or it was seen waiting. Sending identical bytes again is recorded the same way.
    pub fn record_sent(&self, hash: B256, at: Stamp) -> Result<(), JournalError> {
        fail::fail_point!("journal-before-sent");
        self.write(|tx| {
            let record = transaction::find(tx, hash)?;
            check_pending(&record, TransactionState::Sent)?;
            if record.state != TransactionState::Sent {
                move_to(tx, &record, TransactionState::Sent, None, at)?;
            }
            settle(tx, record.intent, None, at)
        })?;
        fail::fail_point!("journal-after-sent");
        Ok(())
    }

    /// The answer to sending it was ambiguous, or it cannot be found: nobody knows whether it will be included.
    pub fn record_unknown(&self, hash: B256, reason: &str, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let record = transaction::find(tx, hash)?;
            check_pending(&record, TransactionState::Unknown)?;
            if record.state != TransactionState::Unknown {
                move_to(tx, &record, TransactionState::Unknown, Some(reason), at)?;
            }
            settle(tx, record.intent, Some(reason), at)
        })
    }

    /// It can have no effect any more: rejected for certain, or its nonce was used by a transaction that is not ours.
    /// When nothing else of its intent is pending, the intent failed.
    pub fn record_dropped(&self, hash: B256, reason: &str, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let record = transaction::find(tx, hash)?;
            check_pending(&record, TransactionState::Dropped)?;
            move_to(tx, &record, TransactionState::Dropped, Some(reason), at)?;
            lease_rows::relink(tx, record.nonce)?;
            settle(tx, record.intent, Some(reason), at)
        })
    }

    /// It is in a block. Whatever else waits on its nonce can have no effect any more. `reason` says why it reverted, or
    /// why a transfer of nothing to the account itself took the action back; the intent then failed.
    /// Recording the same again changes nothing; another block means that the first was reorganised away.
    pub fn record_included(
        &self,
        hash: B256,
        inclusion: &Inclusion,
        reason: Option<&str>,
        at: Stamp,
    ) -> Result<(), JournalError> {
        fail::fail_point!("journal-before-included");
        self.write(|tx| {
            let known = transaction::find(tx, hash)?;
            match known.inclusion {
                Some(known) if known.block_hash == inclusion.block_hash => return Ok(()),
                Some(_) => reopen(tx, &known, "its block was reorganised away", at)?,
                None => {}
            }
            include(tx, &transaction::find(tx, hash)?, inclusion, reason, at)
        })?;
        fail::fail_point!("journal-after-included");
        Ok(())
    }

    /// Its block was reorganised away: it waits again, and so does whatever its inclusion had ruled out.
    pub fn record_reorganised(&self, hash: B256, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| reopen(tx, &transaction::find(tx, hash)?, "its block was reorganised away", at))
    }

    /// It was recorded as included by a report that was false: it waits again in the same way.
    pub fn record_never_included(&self, hash: B256, at: Stamp) -> Result<(), JournalError> {
        let reason = "it was reported as included and is in no block";
        self.write(|tx| reopen(tx, &transaction::find(tx, hash)?, reason, at))
    }
}

fn include(
    tx: &Transaction<'_>,
    record: &TransactionRecord,
    inclusion: &Inclusion,
    reason: Option<&str>,
    at: Stamp,
) -> Result<(), Fault> {
    let to = if inclusion.success { TransactionState::Mined } else { TransactionState::Failed };
    let siblings = siblings(tx, record)?;
    if let Some((_, holder, _)) = siblings.iter().find(|(_, _, state)| state.is_included()) {
        return Err(JournalError::NonceTaken { nonce: record.nonce, holder: *holder }.into());
    }
    check(record, to)?;
    tx.execute(
        "UPDATE transactions SET state = :state, reason = :reason, dropped_by = NULL, block_number = :number,
            block_hash = :block_hash, gas_used = :gas_used, effective_gas_price = :price, l1_fee = :l1_fee,
            updated_block_time = :block, updated_ms = :ms
         WHERE id = :row",
        named_params! {
            ":row": record.row, ":state": to, ":reason": reason, ":number": Int(inclusion.block_number),
            ":block_hash": Text(inclusion.block_hash), ":gas_used": Int(inclusion.gas_used),
            ":price": Text(inclusion.effective_gas_price), ":l1_fee": inclusion.l1_fee.map(Text),
            ":block": at.block(), ":ms": at.ms(),
        },
    )?;
    let used = record.hash.map_or_else(String::new, |hash| format!("nonce {} was used by {hash}", record.nonce));
    for (row, holder, state) in siblings {
        if state.is_live() {
            tx.execute(
                "UPDATE transactions SET state = 'dropped', reason = ?2, dropped_by = ?3,
                    updated_block_time = ?4, updated_ms = ?5
                 WHERE id = ?1",
                (row, &used, record.row, at.block(), at.ms()),
            )?;
        }
        if holder != record.intent {
            settle(tx, holder, Some(&used), at)?;
        }
    }
    conclude(tx, &intent_row::find(tx, record.intent)?, reason, at)
}

/// Puts an included transaction, and those that its inclusion had ruled out, back among the pending ones.
fn reopen(tx: &Transaction<'_>, record: &TransactionRecord, reason: &str, at: Stamp) -> Result<(), Fault> {
    check(record, TransactionState::Sent)?;
    if !record.state.is_included() {
        let (nonce, from, to) = (record.nonce, record.state, TransactionState::Sent);
        return Err(JournalError::IllegalTransaction { nonce, from, to }.into());
    }
    let revived: Vec<IntentId> = {
        let mut statement = tx.prepare_cached(
            "UPDATE transactions SET state = 'unknown', reason = ?2, dropped_by = NULL, replaced_by = ?1,
                updated_block_time = ?3, updated_ms = ?4
             WHERE dropped_by = ?1 AND raw IS NOT NULL RETURNING intent",
        )?;
        let params = (record.row, reason, at.block(), at.ms());
        statement.query_map(params, |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    tx.execute(
        "UPDATE transactions SET state = 'sent', reason = ?2, block_number = NULL, block_hash = NULL, gas_used = NULL,
            effective_gas_price = NULL, l1_fee = NULL, updated_block_time = ?3, updated_ms = ?4
         WHERE id = ?1",
        (record.row, reason, at.block(), at.ms()),
    )?;
    lease_rows::relink(tx, record.nonce)?;
    reopen_intent(tx, record.intent, IntentState::Sent, reason, at)?;
    for id in revived.into_iter().filter(|id| *id != record.intent) {
        reopen_intent(tx, id, IntentState::Unknown, reason, at)?;
    }
    Ok(())
}

fn reopen_intent(tx: &Transaction<'_>, id: IntentId, to: IntentState, reason: &str, at: Stamp) -> Result<(), Fault> {
    let mut found = intent_row::find(tx, id)?;
    if found.state.is_unresolved() {
        return Ok(());
    }
    if found.state == IntentState::Simulated {
        // The next step was about to be signed on top of one that is not in a block any more.
        lease_rows::release_of(tx, id, reason, at)?;
        intent::move_to(tx, &found, IntentState::Failed, Some(reason), at)?;
        found = intent_row::find(tx, id)?;
    }
    intent::move_to(tx, &found, to, Some(reason), at)?;
    tx.execute(
        "UPDATE intents SET actual = NULL, step = (SELECT max(step) FROM transactions
            WHERE intent = ?1 AND state IN ('signed', 'sent', 'unknown', 'mined', 'failed'))
         WHERE id = ?1",
        [id],
    )?;
    Ok(())
}

/// Brings an unresolved intent to what its transactions say; a resolved one stays.
pub(super) fn settle(tx: &Transaction<'_>, id: IntentId, reason: Option<&str>, at: Stamp) -> Result<(), Fault> {
    let found = intent_row::find(tx, id)?;
    if found.state.is_unresolved() { conclude(tx, &found, reason, at) } else { Ok(()) }
}

/// Brings an intent to what its transactions say: sent or unknown while one is pending, then what became of its
/// current step, and failed when that is in no block.
fn conclude(tx: &Transaction<'_>, found: &Intent, reason: Option<&str>, at: Stamp) -> Result<(), Fault> {
    // What calls the account itself is a transfer of nothing that takes an action back: it carries no step out.
    let sql = "SELECT id, state, step, recipient IS (SELECT account FROM network) FROM transactions WHERE intent = ?1";
    let read = |row: &Row<'_>| Ok((row.get(1)?, row.get(2)?, row.get(3)?));
    let all: Vec<(TransactionState, u32, bool)> = damage::all(tx, "transactions", sql, [found.id], read)?;
    let has = |wanted| all.iter().any(|(state, ..)| *state == wanted);
    let to = if has(TransactionState::Sent) {
        IntentState::Sent
    } else if has(TransactionState::Unknown) {
        IntentState::Unknown
    } else if has(TransactionState::Signed) {
        found.state
    } else {
        lease_rows::release_of(tx, found.id, reason.unwrap_or("nothing is pending any more"), at)?;
        let is_mined = all.contains(&(TransactionState::Mined, found.step, false));
        if is_mined { IntentState::Mined } else { IntentState::Failed }
    };
    if found.state == to { Ok(()) } else { intent::move_to(tx, found, to, reason, at) }
}

fn siblings(tx: &Transaction<'_>, record: &TransactionRecord) -> Result<Vec<(i64, IntentId, TransactionState)>, Fault> {
    let sql = "SELECT id, intent, state FROM transactions WHERE nonce = ?1 AND id <> ?2 ORDER BY id";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    damage::all(tx, "transactions", sql, (Int(record.nonce), record.row), read)
}

/// Refuses a move that only evidence from the chain may make: included and dropped ones are not pending.
fn check_pending(record: &TransactionRecord, to: TransactionState) -> Result<(), Fault> {
    if record.state.is_pending() {
        return Ok(());
    }
    Err(JournalError::IllegalTransaction { nonce: record.nonce, from: record.state, to }.into())
}

fn check(record: &TransactionRecord, to: TransactionState) -> Result<(), Fault> {
    if record.state.can_become(to) {
        return Ok(());
    }
    Err(JournalError::IllegalTransaction { nonce: record.nonce, from: record.state, to }.into())
}

fn move_to(
    tx: &Transaction<'_>,
    record: &TransactionRecord,
    to: TransactionState,
    reason: Option<&str>,
    at: Stamp,
) -> Result<(), Fault> {
    check(record, to)?;
    tx.execute(
        "UPDATE transactions SET state = ?2, reason = ?3, updated_block_time = ?4, updated_ms = ?5 WHERE id = ?1",
        (record.row, to, reason, at.block(), at.ms()),
    )?;
    Ok(())
}
