//! Signed bytes, and the proof that they are in the journal. Only this room makes the proof, so nothing that was not
//! recorded first can be handed to whoever sends.

use alloy::{
    consensus::{Transaction as _, TxEnvelope, transaction::SignerRecoverable},
    eips::Decodable2718,
    primitives::{Address, B256, Bytes, U256, keccak256},
};
use rusqlite::{Transaction, named_params};

use super::{
    IntentState, Journal, JournalError, Lease, Stamp, TransactionState,
    column::{Int, Text},
    error::Fault,
    in_flight, intent, intent_row, lease_rows, transaction,
};

/// A signed transaction as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawTx {
    bytes: Bytes,
    hash: B256,
}

impl RawTx {
    /// What `eth_sendRawTransaction` takes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The transaction hash.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        self.hash
    }
}

/// Something that is on the disk of the journal. Has no constructor outside this room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<T>(T);

impl<T> Recorded<T> {
    /// What was recorded.
    #[must_use]
    pub const fn get(&self) -> &T {
        &self.0
    }
}

impl Journal {
    /// Records signed bytes for a lease; when this returns `Ok` they are on the disk and may be sent.
    ///
    /// The bytes must be signed by the journal's account with the leased nonce. Refused while another intent is
    /// unresolved (unless this replaces it) and while a lower nonce is unused. After an error nothing may be sent:
    /// release the lease.
    pub fn record_signed(&self, lease: &Lease, raw: Bytes, at: Stamp) -> Result<Recorded<RawTx>, JournalError> {
        let envelope = decode(&raw)?;
        check_is_leased(&envelope, lease, self.account())?;
        let signed = RawTx { hash: keccak256(&raw), bytes: raw };
        fail::fail_point!("journal-before-signed");
        self.write(|tx| insert(tx, lease, &signed, &envelope, at))?;
        fail::fail_point!("journal-after-signed");
        Ok(Recorded(signed))
    }

    /// The recorded bytes of a pending transaction, to send the identical ones again after a restart.
    pub fn resendable(&self, hash: B256) -> Result<Recorded<RawTx>, JournalError> {
        self.check_lease()?;
        self.reader().query(|db| {
            let record = transaction::find(db, hash)?;
            if !record.state.is_pending() {
                let (nonce, from, to) = (record.nonce, record.state, TransactionState::Sent);
                return Err(JournalError::IllegalTransaction { nonce, from, to }.into());
            }
            let bytes: Vec<u8> =
                db.query_row("SELECT raw FROM transactions WHERE id = ?1", [record.row], |row| row.get(0))?;
            Ok(Recorded(RawTx { bytes: bytes.into(), hash }))
        })
    }
}

fn decode(raw: &Bytes) -> Result<TxEnvelope, JournalError> {
    TxEnvelope::decode_2718_exact(raw).map_err(|error| JournalError::NotATransaction(error.to_string()))
}

fn check_is_leased(envelope: &TxEnvelope, lease: &Lease, account: Address) -> Result<(), JournalError> {
    let signer = envelope.recover_signer().map_err(|error| JournalError::NotATransaction(error.to_string()))?;
    let same = |what, leased: String, signed: String| {
        if leased == signed { Ok(()) } else { Err(JournalError::SignedOther { what, leased, signed }) }
    };
    same("signer", account.to_string(), signer.to_string())?;
    same("nonce", lease.nonce.to_string(), envelope.nonce().to_string())
}

fn insert(tx: &Transaction<'_>, lease: &Lease, signed: &RawTx, envelope: &TxEnvelope, at: Stamp) -> Result<(), Fault> {
    let (from, to) = (lease_rows::state_of(tx, lease.row)?, TransactionState::Signed);
    if !from.can_become(to) {
        return Err(JournalError::IllegalTransaction { nonce: lease.nonce, from, to }.into());
    }
    match transaction::find(tx, signed.hash) {
        Ok(known) => return Err(JournalError::SignedBefore { hash: signed.hash, holder: known.intent }.into()),
        Err(Fault::Journal(JournalError::UnknownTransaction(_))) => {}
        Err(fault) => return Err(fault),
    }
    if lease.replaces.is_none() {
        in_flight::check_resolved(tx, Some(lease.intent))?;
        lease_rows::check_no_gap(tx, lease)?;
    }
    let intent = intent_row::find(tx, lease.intent)?;
    // A replacement of the intent's own transaction leaves the intent as far as it was.
    if !(lease.replaces.is_some() && intent.state.is_unresolved()) {
        intent::move_to(tx, &intent, IntentState::Signed, None, at)?;
    }
    tx.execute(
        "UPDATE transactions SET state = :state, hash = :hash, raw = :raw, recipient = :to, value = :value,
            gas_limit = :gas_limit, max_fee_per_gas = :max_fee, max_priority_fee_per_gas = :priority_fee,
            updated_block_time = :block, updated_ms = :ms
         WHERE id = :row",
        named_params! {
            ":row": lease.row, ":state": to, ":hash": Text(signed.hash), ":raw": signed.bytes.as_ref(),
            ":to": envelope.to().map(Text), ":value": Text::<U256>(envelope.value()),
            ":gas_limit": Int(envelope.gas_limit()), ":max_fee": Text(envelope.max_fee_per_gas()),
            ":priority_fee": envelope.max_priority_fee_per_gas().map(Text),
            ":block": at.block(), ":ms": at.ms(),
        },
    )?;
    Ok(())
}
