//! Journals in temporary directories and transactions signed with anvil's public keys.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    network::TxSignerSync,
    primitives::{Address, B256, Bytes, TxKind, U256},
    signers::local::PrivateKeySigner,
};
use rust_decimal::Decimal;
use serde_json::json;
use tempfile::TempDir;
use trimtab::{
    journal::{
        Inclusion, IntentId, Journal, JournalError, JournalReader, NewIntent, NewOrder, NewPerp, OrderKind, PerpEntry,
        PerpSide, PerpTerms, PositionId, RawTx, Recorded, Stamp,
    },
    units::{Millis, Secs},
};

pub(crate) const NETWORK: &str = "replica-test";

/// Anvil's first and second public test keys.
const KEYS: [&str; 2] = [
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
];

pub(crate) fn signer(index: usize) -> PrivateKeySigner {
    KEYS[index].parse().expect("anvil's key")
}

pub(crate) fn account() -> Address {
    signer(0).address()
}

pub(crate) fn at(seconds: u64) -> Stamp {
    Stamp { block_time: Secs(1_790_000_000 + seconds), wall: Millis(1_790_000_000_000 + seconds * 1000) }
}

/// A journal in a directory of its own, which can be closed and opened again as after a restart.
pub(crate) struct Desk {
    pub(crate) dir: TempDir,
    pub(crate) journal: Journal,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().expect("temporary directory");
        let journal = Journal::open(dir.path(), NETWORK, account()).expect("opens");
        Self { dir, journal }
    }

    pub(crate) fn restart(self) -> Self {
        let Self { dir, journal } = self;
        drop(journal);
        let journal = Journal::open(dir.path(), NETWORK, account()).expect("opens again");
        Self { dir, journal }
    }

    pub(crate) fn reader(&self) -> JournalReader {
        Journal::read(self.dir.path(), NETWORK, account()).expect("reads")
    }
}

pub(crate) fn id(name: &str) -> IntentId {
    IntentId::derive(at(0).wall, name.as_bytes())
}

pub(crate) fn new_intent(name: &str, steps: u32) -> NewIntent {
    NewIntent {
        id: id(name),
        kind: "loop-open".to_owned(),
        paper: false,
        plan: json!({ "predicted": { "leverage": "3.0001" } }),
        plan_hash: B256::repeat_byte(9),
        steps,
    }
}

pub(crate) const VENUE: &str = "avantis-v1";

/// A long of 100 USDC at 10x, filled from order 17 in the first slot of ETH/USD.
pub(crate) fn new_perp(name: &str, signal: Option<&str>) -> NewPerp {
    let e10 = |value: u64| U256::from(value) * U256::from(10_000_000_000u64);
    NewPerp {
        id: PositionId::derive(at(0).wall, name.as_bytes()),
        paper: false,
        entry: PerpEntry {
            venue: VENUE.to_owned(),
            pair: "ETH/USD".to_owned(),
            key: "0:0".to_owned(),
            side: PerpSide::Long,
            margin: U256::from(100_000_000),
            entry_price: U256::from(30_003_010_379_670u64),
            opened_order: Some("17".to_owned()),
            signal: signal.map(str::to_owned),
            drift: Some(Decimal::new(12, 4)),
            confidence: Some(Decimal::new(45, 2)),
            half_life_s: Some(Secs(600)),
            predicted: json!({ "liquidation": "2745.27" }),
        },
        terms: PerpTerms {
            collateral: U256::from(99_550_000),
            leverage: e10(10),
            stop: e10(2940),
            target: U256::ZERO,
            guard_uses: 0,
        },
    }
}

pub(crate) fn new_order(id: &str, signal: Option<&str>) -> NewOrder {
    NewOrder {
        venue: VENUE.to_owned(),
        id: id.to_owned(),
        kind: OrderKind::Open,
        intent: None,
        position: None,
        signal: signal.map(str::to_owned),
        predicted: json!({ "price": "3000.3" }),
    }
}

/// An intent brought to simulated.
pub(crate) fn simulated(journal: &Journal, name: &str, steps: u32) -> IntentId {
    let intent = new_intent(name, steps);
    journal.record_planned(&intent, at(1)).expect("planned");
    journal.record_approved(intent.id, at(2)).expect("approved");
    journal.record_simulated(intent.id, at(3)).expect("simulated");
    intent.id
}

pub(crate) fn sign_as(key: usize, nonce: u64, max_fee_per_gas: u128) -> Bytes {
    let to = TxKind::Call(Address::repeat_byte(7));
    let value = U256::from(5);
    let mut tx =
        TxEip1559 { chain_id: 8453, nonce, gas_limit: 700_000, max_fee_per_gas, to, value, ..Default::default() };
    let signature = signer(key).sign_transaction_sync(&mut tx).expect("signs");
    TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
}

pub(crate) fn sign(nonce: u64, max_fee_per_gas: u128) -> Bytes {
    sign_as(0, nonce, max_fee_per_gas)
}

/// An intent whose first transaction is signed and recorded.
pub(crate) fn signed(journal: &Journal, name: &str, nonce: u64) -> Recorded<RawTx> {
    let id = simulated(journal, name, 1);
    let lease = journal.lease_nonce(id, nonce, at(4)).expect("leased");
    journal.record_signed(&lease, sign(lease.nonce(), 10), at(5)).expect("recorded")
}

pub(crate) fn inclusion(block: u8, success: bool) -> Inclusion {
    Inclusion {
        block_number: u64::from(block),
        block_hash: B256::repeat_byte(block),
        success,
        gas_used: 655_375,
        effective_gas_price: 5_000_000,
        l1_fee: Some(U256::from(1_234_567)),
    }
}

pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, JournalError>) -> JournalError {
    result.expect_err("refused")
}
