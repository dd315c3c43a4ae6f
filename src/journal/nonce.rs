//! Nonce leases: who may sign with which nonce. A lease is a row before anything is signed.

use alloy::primitives::B256;
use rusqlite::{Transaction, named_params};

use super::{
    IntentId, IntentState, Journal, JournalError, Stamp, TransactionState,
    column::{Int, Text},
    error::Fault,
    in_flight,
    intent_row::{self, Intent},
    lease_rows::{Lease, check_has_no_lease, holder_after, lowest_free, release_of, state_of},
    transaction,
};

impl Journal {
    /// Reserves the lowest free nonce for a simulated intent. `chain_nonce` is the account's next nonce by the chain,
    /// pending transactions not counted. Refused while anything else is unresolved, and when the endpoint is behind
    /// what is known to be in blocks.
    pub fn lease_nonce(&self, id: IntentId, chain_nonce: u64, at: Stamp) -> Result<Lease, JournalError> {
        fail::fail_point!("journal-before-leased");
        let lease = self.write(|tx| {
            let intent = intent_row::find(tx, id)?;
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
            let intent = intent_row::find(tx, id)?;
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
