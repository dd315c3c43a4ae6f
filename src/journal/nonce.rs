//! Nonce leases: who may sign with which nonce. A lease is a row before anything is signed.

use alloy::primitives::B256;
use rusqlite::{Connection, Transaction, named_params};

use super::{
    IntentId, IntentState, Journal, JournalError, Stamp, TransactionState,
    column::{Int, Text},
    error::Fault,
    in_flight,
    intent::{self, Intent},
    transaction,
};

/// The right to sign one transaction with one nonce, for the current step of one intent.
#[derive(Debug, PartialEq, Eq)]
pub struct Lease {
    pub(super) row: i64,
    pub(super) intent: IntentId,
    pub(super) nonce: u64,
    pub(super) replaces: Option<B256>,
}

impl Lease {
    /// The nonce to sign with.
    #[must_use]
    pub const fn nonce(&self) -> u64 {
        self.nonce
    }

    /// Whose transaction it is for.
    #[must_use]
    pub const fn intent(&self) -> IntentId {
        self.intent
    }

    /// The transaction that the new one is to replace.
    #[must_use]
    pub const fn replaces(&self) -> Option<B256> {
        self.replaces
    }
}

impl Journal {
    /// Reserves the lowest free nonce for a simulated intent. `chain_nonce` is the account's next nonce by the chain,
    /// pending transactions not counted. Refused while anything else is unresolved, and when the endpoint is behind
    /// what is known to be in blocks.
    pub fn lease_nonce(&self, id: IntentId, chain_nonce: u64, at: Stamp) -> Result<Lease, JournalError> {
        fail::fail_point!("journal-before-leased");
        let lease = self.write(|tx| {
            let intent = intent::find(tx, id)?;
            if intent.state != IntentState::Simulated {
                return Err(JournalError::IllegalIntent { id, from: intent.state, to: IntentState::Signed }.into());
            }
            in_flight::check_resolved(tx, Some(id))?;
            check_has_no_lease(tx, id)?;
            let nonce = lowest_free(tx, chain_nonce)?;
            let row = insert(tx, &intent, nonce, chain_nonce, None, at)?;
            Ok(Lease { row, intent: id, nonce, replaces: None })
        })?;
        fail::fail_point!("journal-after-leased");
        Ok(lease)
    }

    /// Reserves the nonce of a pending transaction for another that replaces it: the intent's own with higher fees, or
    /// another intent's that matters less. Either of the two may be included.
    pub fn lease_replacement(&self, id: IntentId, replaces: B256, at: Stamp) -> Result<Lease, JournalError> {
        fail::fail_point!("journal-before-leased");
        let lease = self.write(|tx| {
            let intent = intent::find(tx, id)?;
            let old = transaction::find(tx, replaces)?;
            let is_own = old.intent == id && intent.state.is_unresolved();
            if intent.state != IntentState::Simulated && !is_own {
                return Err(JournalError::IllegalIntent { id, from: intent.state, to: IntentState::Signed }.into());
            }
            if !old.state.is_pending() {
                let (nonce, from, to) = (old.nonce, old.state, TransactionState::Dropped);
                return Err(JournalError::IllegalTransaction { nonce, from, to }.into());
            }
            check_has_no_lease(tx, id)?;
            if let Some(holder) = holder_after(tx, old.row)? {
                return Err(JournalError::NonceTaken { nonce: old.nonce, holder }.into());
            }
            // Out of the way of the unique index until the row that replaces it has an id.
            tx.execute("UPDATE transactions SET replaced_by = id WHERE id = ?1", [old.row])?;
            let row = insert(tx, &intent, old.nonce, old.nonce, Some(replaces), at)?;
            tx.execute("UPDATE transactions SET replaced_by = ?2 WHERE id = ?1", (old.row, row))?;
            Ok(Lease { row, intent: id, nonce: old.nonce, replaces: Some(replaces) })
        })?;
        fail::fail_point!("journal-after-leased");
        Ok(lease)
    }

    /// Gives the nonce back: nothing was signed with it, or what was signed was not recorded and so never sent.
    pub fn release(&self, lease: &Lease, reason: &str, at: Stamp) -> Result<(), JournalError> {
        self.write(|tx| {
            let state = state_of(tx, lease.row)?;
            if state != TransactionState::Leased {
                let (nonce, to) = (lease.nonce, TransactionState::Dropped);
                return Err(JournalError::IllegalTransaction { nonce, from: state, to }.into());
            }
            release_of(tx, lease.intent, reason, at)
        })
    }
}

/// The state of a row.
pub(super) fn state_of(db: &Connection, row: i64) -> Result<TransactionState, Fault> {
    Ok(db.query_row("SELECT state FROM transactions WHERE id = ?1", [row], |row| row.get(0))?)
}

/// Releases the intent's leases.
pub(super) fn release_of(tx: &Transaction<'_>, id: IntentId, reason: &str, at: Stamp) -> Result<(), Fault> {
    let nonces = leased_nonces(tx, Some(id))?;
    tx.execute(
        "UPDATE transactions SET state = 'dropped', reason = ?2, updated_block_time = ?3, updated_ms = ?4
         WHERE intent = ?1 AND state = 'leased'",
        (id, reason, at.block(), at.ms()),
    )?;
    nonces.into_iter().try_for_each(|nonce| relink(tx, nonce))
}

/// Releases the leases of a process that ended: what it may have signed was never recorded and so never sent.
pub(super) fn release_all(tx: &Transaction<'_>) -> Result<(), Fault> {
    let nonces = leased_nonces(tx, None)?;
    let reason = "the process that leased it ended before recording a signature";
    tx.execute("UPDATE transactions SET state = 'dropped', reason = ?1 WHERE state = 'leased'", [reason])?;
    nonces.into_iter().try_for_each(|nonce| relink(tx, nonce))
}

/// Chains the live transactions on the nonce: each but the newest is marked as replaced by the next, so that exactly the
/// newest counts for the unique index, and each but the oldest names one that it competes with.
pub(super) fn relink(tx: &Transaction<'_>, nonce: u64) -> Result<(), Fault> {
    let mut statement = tx.prepare_cached(
        "SELECT id FROM transactions WHERE nonce = ?1 AND state IN ('leased', 'signed', 'sent', 'unknown') ORDER BY id",
    )?;
    let rows = statement.query_map([Int(nonce)], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let older = [None].into_iter().chain(rows.iter().copied().map(Some));
    let newer = rows.iter().skip(1).copied().map(Some).chain([None]);
    for ((row, older), newer) in rows.iter().zip(older).zip(newer) {
        tx.execute(
            "UPDATE transactions SET replaced_by = ?3,
                replaces = coalesce(replaces, (SELECT hash FROM transactions WHERE id = ?2))
             WHERE id = ?1",
            (row, older, newer),
        )?;
    }
    Ok(())
}

/// Refuses when a nonce between the chain's next one and the leased one has no signed transaction.
pub(super) fn check_no_gap(tx: &Transaction<'_>, lease: &Lease) -> Result<(), Fault> {
    let (Int(expected), Int(signed)) = tx.query_row(
        "SELECT nonce - chain_nonce, (SELECT count(DISTINCT below.nonce) FROM transactions AS below
            WHERE below.nonce >= this.chain_nonce AND below.nonce < this.nonce
              AND below.state IN ('signed', 'sent', 'unknown', 'mined', 'failed'))
         FROM transactions AS this WHERE id = ?1",
        [lease.row],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let missing = expected.saturating_sub(signed);
    if missing == 0 { Ok(()) } else { Err(JournalError::NonceGap { nonce: lease.nonce, missing }.into()) }
}

fn leased_nonces(tx: &Transaction<'_>, of: Option<IntentId>) -> Result<Vec<u64>, Fault> {
    let mut statement = tx.prepare_cached(
        "SELECT nonce FROM transactions WHERE state = 'leased' AND nonce >= 0 AND (?1 IS NULL OR intent = ?1)",
    )?;
    let nonces = statement.query_map([of], |row| row.get::<_, Int>(0).map(|int| int.0))?;
    Ok(nonces.collect::<Result<_, _>>()?)
}

fn lowest_free(tx: &Transaction<'_>, chain_nonce: u64) -> Result<u64, Fault> {
    let included: Option<Int> = tx.query_row(
        "SELECT max(nonce) FROM transactions WHERE state IN ('mined', 'failed') AND nonce >= ?1",
        [Int(chain_nonce)],
        |row| row.get(0),
    )?;
    if let Some(Int(used)) = included {
        return Err(JournalError::NonceBehind { chain: chain_nonce, used }.into());
    }
    let mut statement = tx.prepare_cached(
        "SELECT DISTINCT nonce FROM transactions
         WHERE nonce >= ?1 AND state IN ('leased', 'signed', 'sent', 'unknown') ORDER BY nonce",
    )?;
    let mut free = chain_nonce;
    for taken in statement.query_map([Int(chain_nonce)], |row| row.get::<_, Int>(0))? {
        if taken?.0 != free {
            break;
        }
        free = free.saturating_add(1);
    }
    Ok(free)
}

fn check_has_no_lease(tx: &Transaction<'_>, id: IntentId) -> Result<(), Fault> {
    match leased_nonces(tx, Some(id))?.first() {
        Some(nonce) => Err(JournalError::NonceTaken { nonce: *nonce, holder: id }.into()),
        None => Ok(()),
    }
}

/// Whose live transaction replaces this row already.
fn holder_after(tx: &Transaction<'_>, row: i64) -> Result<Option<IntentId>, Fault> {
    Ok(tx.query_row(
        "SELECT (SELECT intent FROM transactions AS newer WHERE newer.id = old.replaced_by)
         FROM transactions AS old WHERE id = ?1",
        [row],
        |row| row.get(0),
    )?)
}

fn insert(
    tx: &Transaction<'_>,
    intent: &Intent,
    nonce: u64,
    chain_nonce: u64,
    replaces: Option<B256>,
    at: Stamp,
) -> Result<i64, Fault> {
    tx.execute(
        "INSERT INTO transactions (intent, step, nonce, chain_nonce, state, replaces,
            created_block_time, created_ms, updated_block_time, updated_ms)
         VALUES (:intent, :step, :nonce, :chain_nonce, 'leased', :replaces, :block, :ms, :block, :ms)",
        named_params! {
            ":intent": intent.id, ":step": intent.step, ":nonce": Int(nonce), ":chain_nonce": Int(chain_nonce),
            ":replaces": replaces.map(Text), ":block": at.block(), ":ms": at.ms(),
        },
    )?;
    Ok(tx.last_insert_rowid())
}
