//! What nodes answer, as little of it as we use: fields we do not read cannot break us, so OP receipts, deposit
//! transactions (type 126) and what comes after them decode like any other (field-lessons.md F3).

use alloy::primitives::{Address, B256, Bytes, Log, U64, U256};
use serde::{Deserialize, Deserializer, Serialize};

use super::BlockRef;
use crate::units::{Millis, Secs};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireBlock {
    number: U64,
    hash: B256,
    timestamp: U64,
    #[serde(default, deserialize_with = "if_understood")]
    timestamp_ms: Option<U64>,
    #[serde(default)]
    base_fee_per_gas: Option<U256>,
}

/// A field that is a luxury: in a form that is not understood it is not there.
fn if_understood<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<U64>, D::Error> {
    Ok(serde_json::from_value(serde_json::Value::deserialize(deserializer)?).ok())
}

impl From<WireBlock> for BlockRef {
    fn from(block: WireBlock) -> Self {
        Self {
            number: block.number.to(),
            hash: block.hash,
            timestamp: Secs(block.timestamp.to()),
            base_fee: block.base_fee_per_gas.unwrap_or_default(),
            timestamp_ms: block.timestamp_ms.map(|ms| Millis(ms.to())),
        }
    }
}

/// What became of a mined transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Hash of the transaction.
    pub transaction: B256,
    /// Block it is in.
    pub block_number: u64,
    /// Hash of that block.
    pub block_hash: B256,
    /// Who sent it.
    pub from: Address,
    /// Whom it called; `None` for a creation.
    pub to: Option<Address>,
    /// Whether it did what it should, or reverted.
    pub success: bool,
    /// Gas used on L2.
    pub gas_used: u64,
    /// Price paid per gas on L2, wei.
    pub effective_gas_price: U256,
    /// Paid for data on L1, wei; `None` where the node does not say (anvil).
    pub l1_fee: Option<U256>,
    /// Events, in order.
    pub logs: Vec<Log>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireReceipt {
    transaction_hash: B256,
    // Some nodes give receipts of pending transactions, without a block.
    block_number: Option<U64>,
    block_hash: Option<B256>,
    from: Address,
    to: Option<Address>,
    status: U64,
    gas_used: U64,
    #[serde(default)]
    effective_gas_price: U256,
    #[serde(default)]
    l1_fee: Option<U256>,
    #[serde(default)]
    logs: Vec<Log>,
}

impl WireReceipt {
    /// The receipt, once it is in a block.
    pub(super) fn mined(self) -> Option<Receipt> {
        Some(Receipt {
            transaction: self.transaction_hash,
            block_number: self.block_number?.to(),
            block_hash: self.block_hash?,
            from: self.from,
            to: self.to,
            success: !self.status.is_zero(),
            gas_used: self.gas_used.to(),
            effective_gas_price: self.effective_gas_price,
            l1_fee: self.l1_fee,
            logs: self.logs,
        })
    }
}

/// An event and where it happened.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocatedLog {
    /// Emitter, topics and data.
    #[serde(flatten)]
    pub log: Log,
    /// Block it is in.
    pub block_hash: Option<B256>,
    /// Hash of the transaction.
    pub transaction_hash: Option<B256>,
    /// Height of the block.
    #[serde(deserialize_with = "height", default)]
    pub block_number: Option<u64>,
}

fn height<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<U64>::deserialize(deserializer)?.map(|number| number.to()))
}

/// A transaction that the endpoint knows, mined or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KnownTransaction {
    /// Who sent it.
    pub from: Address,
    /// Its nonce.
    pub nonce: u64,
    /// Block it is in; `None` while it waits.
    pub block_number: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireTransaction {
    from: Address,
    nonce: U64,
    block_number: Option<U64>,
}

impl From<WireTransaction> for KnownTransaction {
    fn from(transaction: WireTransaction) -> Self {
        Self {
            from: transaction.from,
            nonce: transaction.nonce.to(),
            block_number: transaction.block_number.map(|number| number.to()),
        }
    }
}

/// A call as `eth_call`, `eth_estimateGas` and `eth_simulateV1` take it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[must_use]
pub struct CallRequest {
    /// Who calls.
    pub from: Address,
    /// Who is called.
    pub to: Address,
    /// Native value, wei.
    pub value: U256,
    /// Call data. Named `data` because every node takes that.
    pub data: Bytes,
    /// Gas limit; `None` is the node's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas: Option<U64>,
}

impl CallRequest {
    /// A call without value.
    pub fn new(from: Address, to: Address, data: impl Into<Bytes>) -> Self {
        Self { from, to, data: data.into(), ..Self::default() }
    }

    /// With native value, wei.
    pub const fn value(mut self, value: U256) -> Self {
        self.value = value;
        self
    }

    /// With a gas limit.
    pub fn gas(mut self, gas: u64) -> Self {
        self.gas = Some(U64::from(gas));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn op_receipts_of_deposits_decode_with_their_l1_fee() {
        let receipt = r#"{"type":"0x7e","status":"0x1","cumulativeGasUsed":"0xb1c3","logs":[],"logsBloom":"0x00",
            "depositNonce":"0x1","depositReceiptVersion":"0x1","l1Fee":"0x2a","l1GasPrice":"0x1","operatorFeeScalar":"0x0",
            "transactionHash":"0x0000000000000000000000000000000000000000000000000000000000000001","transactionIndex":"0x0",
            "blockHash":"0x0000000000000000000000000000000000000000000000000000000000000002","blockNumber":"0x10",
            "gasUsed":"0xb1c3","effectiveGasPrice":"0x0","from":"0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001",
            "to":"0x4200000000000000000000000000000000000015","contractAddress":null}"#;
        let wire: WireReceipt = serde_json::from_str(receipt).expect("receipt");
        let receipt = wire.mined().expect("in a block");
        assert_eq!((receipt.success, receipt.block_number, receipt.l1_fee), (true, 16, Some(U256::from(42))));
        let pending = receipt_without_block();
        assert!(pending.mined().is_none());
    }

    fn receipt_without_block() -> WireReceipt {
        serde_json::from_str(
            r#"{"transactionHash":"0x0000000000000000000000000000000000000000000000000000000000000001",
            "blockNumber":null,"blockHash":null,"from":"0x0000000000000000000000000000000000000001","to":null,
            "status":"0x0","gasUsed":"0x0"}"#,
        )
        .expect("receipt")
    }
}
