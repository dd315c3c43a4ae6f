//! Anvil's dump of a chain, made small and put in one order.

use std::io::Read;

use alloy::primitives::{Bytes, hex};
use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{LocalChainError, node::Node};
use crate::units::Secs;

/// Blocks kept besides genesis: clients that watch blocks walk back a few (base-replica.md §3.12).
const KEPT_BLOCKS: u64 = 32;

/// A chain's state as anvil loads it.
#[derive(Debug, Clone)]
pub(crate) struct Dump {
    /// The file's content.
    pub(crate) json: Vec<u8>,
    /// SHA-256 of all accounts, the same for the same accounts.
    pub(crate) accounts: String,
    /// Time of the newest block.
    pub(crate) timestamp: Secs,
}

impl Dump {
    /// Takes the state of a running anvil.
    pub(crate) async fn take(node: &Node) -> Result<Self, LocalChainError> {
        let packed: Bytes = node.request("anvil_dumpState", json!([false])).await?;
        let mut text = Vec::new();
        GzDecoder::new(packed.as_ref()).read_to_end(&mut text).map_err(|error| malformed(&error))?;
        Self::prune(serde_json::from_slice(&text).map_err(|error| malformed(&error))?)
    }

    fn prune(mut state: Value) -> Result<Self, LocalChainError> {
        let best = number(&state["best_block_number"])?;
        let timestamp = Secs(number(&state["block"]["timestamp"])?);
        let mut blocks = Vec::new();
        for mut block in state["blocks"].as_array().cloned().unwrap_or_default() {
            let height = number(&block["header"]["number"])?;
            if height == 0 || height + KEPT_BLOCKS > best {
                block["transactions"] = json!([]);
                blocks.push((height, block));
            }
        }
        blocks.sort_by_key(|(height, _)| *height);
        state["blocks"] = blocks.into_iter().map(|(_, block)| block).collect();
        state["transactions"] = json!([]);
        state["historical_states"] = Value::Null;
        let state = sorted(state);
        let accounts = Sha256::digest(state["accounts"].to_string());
        Ok(Self { json: state.to_string().into_bytes(), accounts: hex::encode(accounts), timestamp })
    }
}

/// A number, whether written as such or as hex text.
fn number(value: &Value) -> Result<u64, LocalChainError> {
    let hex = value.as_str().and_then(|text| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok());
    value.as_u64().or(hex).ok_or_else(|| malformed(&format!("{value} is not a number")))
}

fn malformed(why: &dyn std::fmt::Display) -> LocalChainError {
    LocalChainError::Mismatch {
        what: "anvil_dumpState".to_owned(),
        wanted: "a gzipped state".to_owned(),
        found: why.to_string(),
    }
}

/// The same value with every object's keys in order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(entries.into_iter().collect::<Map<_, _>>())
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(heights: &[u64], accounts: Value) -> Value {
        let block = |height: &u64| json!({ "header": { "number": format!("{height:#x}") }, "transactions": [1] });
        json!({
            "best_block_number": 100, "block": { "timestamp": "0x6ab13d46" }, "transactions": [1],
            "blocks": heights.iter().map(block).collect::<Vec<_>>(), "accounts": accounts, "historical_states": 1,
        })
    }

    #[test]
    fn genesis_and_the_newest_blocks_stay_in_order_without_transactions() {
        let dump = Dump::prune(state(&[100, 3, 0, 69, 68], json!({}))).expect("dump");
        let kept: Value = serde_json::from_slice(&dump.json).expect("json");
        let blocks = kept["blocks"].as_array().expect("blocks");
        let heights: Vec<u64> =
            blocks.iter().map(|block| number(&block["header"]["number"]).expect("a height")).collect();
        assert_eq!(heights, [0, 69, 100]);
        assert!(blocks.iter().all(|block| block["transactions"] == json!([])));
        assert_eq!(dump.timestamp, Secs(1_790_000_454));
    }

    #[test]
    fn the_order_in_which_anvil_lists_accounts_does_not_matter() {
        let one = Dump::prune(state(&[0], json!({ "0xa": { "x": 1, "y": 2 }, "0xb": {} }))).expect("dump");
        let two = Dump::prune(state(&[0], json!({ "0xb": {}, "0xa": { "y": 2, "x": 1 } }))).expect("dump");
        assert_eq!((one.accounts, one.json), (two.accounts, two.json));
        let other = Dump::prune(state(&[0], json!({ "0xb": {} }))).expect("dump");
        let same = Dump::prune(state(&[0], json!({ "0xa": {} }))).expect("dump");
        assert_ne!(other.accounts, same.accounts);
    }
}
