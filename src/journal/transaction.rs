//! Transactions as recorded.

use alloy::primitives::{Address, B256, U256};
use rusqlite::{Connection, OptionalExtension, Row};
use schemars::JsonSchema;
use serde::Serialize;

use crate::units::{Ether, Gwei, Optional};

use super::{
    IntentId, JournalError, JournalReader, Stamp, TransactionState,
    column::{Int, Text},
    damage::{self, listed},
    error::Fault,
};

/// Where and at what cost a transaction was included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Inclusion {
    /// Height of the block.
    pub block_number: u64,
    /// Hash of the block: tells a reorganisation.
    pub block_hash: B256,
    /// Whether it did not revert.
    pub success: bool,
    /// Gas used on L2.
    pub gas_used: u64,
    /// Price paid per gas, wei.
    #[serde(with = "Gwei")]
    pub effective_gas_price: u128,
    /// L1 data fee, wei, where the receipt tells it.
    #[serde(default, with = "Optional::<Ether>")]
    pub l1_fee: Option<U256>,
}

/// A transaction as recorded; the signed bytes are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TransactionRecord {
    #[serde(skip)]
    pub(super) row: i64,
    /// Whose it is.
    pub intent: IntentId,
    /// The intent's step it carries out, from 0.
    pub step: u32,
    /// Its nonce.
    pub nonce: u64,
    /// How far it has come.
    pub state: TransactionState,
    /// Why it was dropped, reverted, or is unknown.
    pub reason: Option<String>,
    /// Its hash, once signed.
    pub hash: Option<B256>,
    /// Whom it calls.
    pub to: Option<Address>,
    /// Wei sent along.
    #[serde(default, with = "Optional::<Ether>")]
    pub value: Option<U256>,
    /// Gas limit.
    pub gas_limit: Option<u64>,
    /// Fee ceiling, wei per gas.
    #[serde(default, with = "Optional::<Gwei>")]
    pub max_fee_per_gas: Option<u128>,
    /// Tip, wei per gas.
    #[serde(default, with = "Optional::<Gwei>")]
    pub max_priority_fee_per_gas: Option<u128>,
    /// The transaction on the same nonce that it was signed to replace.
    pub replaces: Option<B256>,
    /// Where it was included.
    pub inclusion: Option<Inclusion>,
    /// When its nonce was leased.
    pub created: Stamp,
    /// When it last changed.
    pub updated: Stamp,
}

impl JournalReader {
    /// An intent's transactions in the order they were leased.
    pub fn transactions(&self, intent: IntentId) -> Result<Vec<TransactionRecord>, JournalError> {
        self.list("WHERE intent = ?1 ORDER BY id", [intent])
    }

    /// Every signed transaction that may still be included, lowest nonce first: what to look for after a restart.
    pub fn pending_transactions(&self) -> Result<Vec<TransactionRecord>, JournalError> {
        self.list("WHERE state IN ('signed', 'sent', 'unknown') ORDER BY nonce, id", [])
    }

    /// The highest nonce that a transaction of ours is known to have used up, and the block that holds it; `None` when there
    /// is none.
    pub fn highest_included(&self) -> Result<Option<(u64, Option<u64>)>, JournalError> {
        self.query(|db| {
            let query = "SELECT nonce, block_number FROM transactions WHERE state IN ('mined', 'failed') \
                         ORDER BY nonce DESC LIMIT 1";
            let found = db.query_row(query, [], |row| Ok((row.get::<_, Int>(0)?, row.get::<_, Option<Int>>(1)?)));
            Ok(found.optional()?.map(|(nonce, block)| (nonce.0, block.map(|block| block.0))))
        })
    }

    /// One transaction.
    pub fn transaction(&self, hash: B256) -> Result<TransactionRecord, JournalError> {
        self.query(|db| find(db, hash))
    }

    fn list(&self, which: &str, params: impl rusqlite::Params) -> Result<Vec<TransactionRecord>, JournalError> {
        let sql = format!("SELECT * FROM transactions {which}");
        self.listed(|db| listed(db, "transactions", &sql, params, from_row))
    }
}

pub(super) fn find(db: &Connection, hash: B256) -> Result<TransactionRecord, Fault> {
    let sql = "SELECT * FROM transactions WHERE hash = ?1";
    let found = damage::found(db, "transactions", sql, [Text(hash)], from_row)?;
    found.ok_or_else(|| JournalError::UnknownTransaction(hash).into())
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<TransactionRecord> {
    let state: TransactionState = row.get("state")?;
    Ok(TransactionRecord {
        row: row.get("id")?,
        intent: row.get("intent")?,
        step: row.get("step")?,
        nonce: row.get::<_, Int>("nonce")?.0,
        state,
        reason: row.get("reason")?,
        hash: text(row, "hash")?,
        to: text(row, "recipient")?,
        value: text(row, "value")?,
        gas_limit: row.get::<_, Option<Int>>("gas_limit")?.map(|int| int.0),
        max_fee_per_gas: text(row, "max_fee_per_gas")?,
        max_priority_fee_per_gas: text(row, "max_priority_fee_per_gas")?,
        replaces: text(row, "replaces")?,
        inclusion: if state.is_included() { Some(inclusion(row, state)?) } else { None },
        created: Stamp::from_row(row, "created_")?,
        updated: Stamp::from_row(row, "updated_")?,
    })
}

fn inclusion(row: &Row<'_>, state: TransactionState) -> rusqlite::Result<Inclusion> {
    Ok(Inclusion {
        block_number: row.get::<_, Int>("block_number")?.0,
        block_hash: row.get::<_, Text<B256>>("block_hash")?.0,
        success: state == TransactionState::Mined,
        gas_used: row.get::<_, Int>("gas_used")?.0,
        effective_gas_price: row.get::<_, Text<u128>>("effective_gas_price")?.0,
        l1_fee: text(row, "l1_fee")?,
    })
}

fn text<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    Ok(row.get::<_, Option<Text<T>>>(column)?.map(|text| text.0))
}
