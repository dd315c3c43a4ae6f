//! Large journals, written straight into the tables: years of samples and tens of thousands of intents.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used)]

use std::path::{Path, PathBuf};

use alloy::primitives::{Address, B256, U256};
use rusqlite::Connection;
use serde_json::json;
use trimtab::{
    journal::{IntentId, Journal},
    units::Millis,
};

/// 2026-01-01.
const START: i64 = 1_767_225_600_000;

/// How much is in a journal.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub intents: u32,
    pub samples: u32,
}

impl Size {
    /// About so many megabytes, two thirds of it intents.
    pub const fn megabytes(megabytes: u32) -> Self {
        Self { intents: megabytes * 54, samples: megabytes * 1_700 }
    }
}

/// Writes a journal of an account; intents are spread over the time of the samples, one a minute.
pub fn write(dir: &Path, network: &str, account: Address, size: Size) -> PathBuf {
    let journal = Journal::open(dir, network, account).expect("opens");
    let path = journal.reader().path().to_owned();
    drop(journal);
    let mut db = Connection::open(&path).expect("opens");
    db.pragma_update(None, "synchronous", "OFF").expect("set");
    let tx = db.transaction().expect("begun");
    let apart = i64::from(size.samples).max(1) * 60_000 / i64::from(size.intents).max(1);
    // As long as the plan of a loop with its two steps and their call data.
    let data = format!("0x{}", "5f".repeat(3_500));
    for number in 0..i64::from(size.intents) {
        let ms = START + number * apart;
        let id = IntentId::derive(Millis(ms.unsigned_abs()), &number.to_be_bytes()).to_string();
        let plan = json!({ "kind": "loop-open", "steps": [{ "data": data }], "predicted": { "leverage": "3.0001" } });
        let actual = json!({ "after": { "leverage": "3.0002", "health_factor": "1.31" }, "gas_used": 655_375 });
        let hash = B256::from(U256::from(number + 1)).to_string();
        tx.prepare_cached(
            "INSERT INTO intents VALUES (?1, 'loop-adjust', 0, ?2, ?3, 1, 0, 'reconciled', NULL, ?4, ?5, ?6, ?5, ?6)",
        )
        .and_then(|mut insert| insert.execute((&id, plan.to_string(), &hash, actual.to_string(), ms / 1_000, ms)))
        .expect("intent");
        tx.prepare_cached(
            "INSERT INTO transactions (intent, step, nonce, chain_nonce, state, hash, raw, recipient, value, gas_limit,
                max_fee_per_gas, max_priority_fee_per_gas, block_number, block_hash, gas_used, effective_gas_price,
                created_block_time, created_ms, updated_block_time, updated_ms)
             VALUES (?1, 0, ?2, ?2, 'mined', ?3, zeroblob(3600), ?4, '0', 700000, '1000', '10', 0, ?3, 655375, '900',
                ?5, ?6, ?5, ?6)",
        )
        .and_then(|mut insert| insert.execute((&id, number, &hash, account.to_string(), ms / 1_000, ms)))
        .expect("transaction");
    }
    let figures = json!({ "loops": [{ "pair": "WETH/USDC", "price": "3000.3", "asset": "WETH", "unit": "USD" }] });
    let figures = figures.to_string();
    for number in 0..i64::from(size.samples) {
        let ms = START + number * 60_000;
        tx.prepare_cached(
            "INSERT INTO samples (block_number, block_time, ms, health_factor, figures) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut insert| insert.execute((number, ms / 1_000, ms, "1310000000000000000", &figures)))
        .expect("sample");
    }
    tx.commit().expect("committed");
    path
}
