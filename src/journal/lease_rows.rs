//! The rows of nonce leases: who may sign with which nonce. A lease is a row before anything is signed.

use alloy::primitives::B256;
use rusqlite::{Connection, Transaction};

use super::{IntentId, JournalError, Stamp, TransactionState, column::Int, error::Fault};

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

pub(super) fn lowest_free(tx: &Transaction<'_>, chain_nonce: u64) -> Result<u64, Fault> {
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

pub(super) fn check_has_no_lease(tx: &Transaction<'_>, id: IntentId) -> Result<(), Fault> {
    match leased_nonces(tx, Some(id))?.first() {
        Some(nonce) => Err(JournalError::NonceTaken { nonce: *nonce, holder: id }.into()),
        None => Ok(()),
    }
}

/// Whose live transaction replaces this row already.
pub(super) fn holder_after(tx: &Transaction<'_>, row: i64) -> Result<Option<IntentId>, Fault> {
    Ok(tx.query_row(
        "SELECT (SELECT intent FROM transactions AS newer WHERE newer.id = old.replaced_by)
         FROM transactions AS old WHERE id = ?1",
        [row],
        |row| row.get(0),
    )?)
}
