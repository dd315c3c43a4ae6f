//! What an endpoint's answer means, judged by HTTP status and JSON-RPC code before anything is decoded.
//!
//! A rate limit must never look like a revert (field-lessons.md R1): providers send it with HTTP 429, with codes of
//! their own, and with bodies that say "execution reverted". So the order of the checks is the point of this file.

use std::time::Duration;

use alloy::primitives::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, value::RawValue};

use super::call_error::CallError;

/// The part of an HTTP answer that matters.
#[derive(Debug)]
pub(super) struct HttpAnswer<'a> {
    pub(super) status: u16,
    /// From the `Retry-After` header, seconds form.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: &'a [u8],
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    id: Value,
    #[serde(default, deserialize_with = "present")]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<ErrorObject>,
}

/// A JSON-RPC error object; some providers leave parts out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorObject {
    pub(super) code: Value,
    pub(super) message: Value,
    pub(super) data: Value,
}

/// `null` is a result; an absent one is none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

impl HttpAnswer<'_> {
    /// The result in it, or what it means that there is none.
    pub(super) fn read(&self, id: u64) -> Result<Box<RawValue>, CallError> {
        let said = || excerpt(&String::from_utf8_lossy(self.body));
        match self.status {
            429 => {
                let message = format!("http 429: {}", said());
                return Err(CallError::RateLimited { message, wait: self.retry_after });
            }
            500.. if self.retry_after.is_some() => {
                let message = format!("http {}: {}", self.status, said());
                return Err(CallError::RateLimited { message, wait: self.retry_after });
            }
            500.. => return Err(CallError::Unavailable(format!("http {}: {}", self.status, said()))),
            300..400 => {
                let advice = "it redirects; give the final url";
                return Err(CallError::Unavailable(format!("http {}: {advice}", self.status)));
            }
            _ => {}
        }
        let is_success = (200..300).contains(&self.status);
        let envelope: Envelope = serde_json::from_slice(self.body).map_err(|error| {
            if is_success {
                CallError::Malformed(format!(
                    "{} in an answer of {} bytes",
                    excerpt(&error.to_string()),
                    self.body.len()
                ))
            } else {
                self.refused()
            }
        })?;
        match envelope {
            Envelope { error: Some(error), .. } => Err(error.meaning()),
            _ if !is_success => Err(self.refused()),
            Envelope { id: answered, .. } if answered.as_u64() != Some(id) => {
                Err(CallError::Malformed(format!("answer to call {answered}, asked was {id}")))
            }
            Envelope { result: Some(result), .. } => Ok(result),
            Envelope { result: None, .. } => Err(CallError::Malformed("neither result nor error".to_owned())),
        }
    }

    /// 4xx: a wrong address, a missing key, a method that is not for us. The status stands in for a code.
    fn refused(&self) -> CallError {
        let message = format!("http {}: {}", self.status, excerpt(&String::from_utf8_lossy(self.body)));
        CallError::Refused { code: i64::from(self.status), message }
    }
}

impl ErrorObject {
    /// From the parts that a typed client kept.
    pub(super) fn new(code: i64, message: &str, data: Option<&RawValue>) -> Self {
        let data = data.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        Self { code: Value::from(code), message: Value::from(message), data }
    }

    /// What this error means: first the codes of rate limits, then reverts, then what only the words tell.
    pub(super) fn meaning(&self) -> CallError {
        let code = self.code.as_i64().or_else(|| self.code.as_str()?.parse().ok()).unwrap_or_default();
        let message = self.message.as_str().map_or_else(|| self.message.to_string(), str::to_owned);
        let words = message.to_lowercase();
        let says = |needles: &[&str]| needles.iter().any(|needle| words.contains(needle));

        let too_much_asked = says(&["more than", "block range", "response size", "too large"]);
        let limit_code = matches!(code, 429 | 1008 | -32005 | -32055 | -32097)
            || (code == -32012 && says(&["credits"]))
            || (matches!(code, -32007 | -32016) && says(&["limit"]));
        if limit_code && !too_much_asked {
            return CallError::RateLimited { wait: self.wait(&words), message: excerpt(&message) };
        }
        if code == 3 || (says(&["revert", "vm execution error"]) && !says(&["rate limit", "too many requests"])) {
            return CallError::Reverted(revert_data(&self.data).unwrap_or_default());
        }
        if says(&UNKNOWN_BLOCK) {
            return CallError::UnknownBlock(excerpt(&message));
        }
        if says(&RATE_LIMIT) && !too_much_asked {
            return CallError::RateLimited { wait: self.wait(&words), message: excerpt(&message) };
        }
        // Overloaded or broken inside; what is wrong with the question comes with other codes.
        if matches!(code, -32603 | -32002) || says(&["timeout", "timed out", "temporarily"]) {
            return CallError::Unavailable(format!("{} (code {code})", excerpt(&message)));
        }
        CallError::Refused { code, message: excerpt(&message) }
    }

    /// How long to wait, where providers say so: Infura in the data, others in the words ("try again in 4ms").
    fn wait(&self, words: &str) -> Option<Duration> {
        let seconds = self.data.pointer("/rate/backoff_seconds").and_then(|value| {
            value.as_u64().or_else(|| value.to_string().split('.').next()?.parse::<u64>().ok()?.checked_add(1))
        });
        seconds.map(Duration::from_secs).or_else(|| {
            let after = words.split_once("try again in ")?.1;
            let end = after.find(|c: char| !c.is_ascii_digit())?;
            let amount = after.get(..end)?.parse().ok()?;
            let unit = after.get(end..)?.trim_start();
            if unit.starts_with("ms") {
                Some(Duration::from_millis(amount))
            } else if unit.starts_with('s') {
                Some(Duration::from_secs(amount))
            } else {
                None
            }
        })
    }
}

/// As geth, reth, erigon, nethermind and anvil say that they do not have a block or its state.
const UNKNOWN_BLOCK: [&str; 9] = [
    "header not found",
    "header for hash not found",
    "block not found",
    "unknown block",
    "not currently canonical",
    "missing trie node",
    "resource not found",
    "state not available",
    "blockoutofrange",
];

/// As providers say that they want to be asked less.
const RATE_LIMIT: [&str; 9] = [
    "rate limit",
    "rate exceeded",
    "ratelimit",
    "too many requests",
    "too many concurrent",
    "maximum number of concurrent requests",
    "request limit",
    "credits limited",
    "quota",
];

/// Revert data in whatever shape the node gives it: a string (geth, reth, erigon, anvil), `Reverted 0x…` (nethermind,
/// parity), an object with `data` (hardhat), an object by transaction hash with `return` (ganache).
pub(super) fn revert_data(data: &Value) -> Option<Bytes> {
    match data {
        Value::String(text) => {
            let hex = text.strip_prefix("Reverted ").unwrap_or(text).trim();
            if hex.starts_with("0x") { hex.parse().ok() } else { None }
        }
        Value::Object(fields) => {
            let named = ["data", "return", "output", "result", "originalError"].iter();
            let by_name = named.filter_map(|name| fields.get(*name)).find_map(revert_data);
            by_name.or_else(|| fields.values().filter(|value| value.is_object()).find_map(revert_data))
        }
        _ => None,
    }
}

/// Enough of a message to recognise it; providers send whole web pages.
pub(super) fn excerpt(text: &str) -> String {
    const MOST: usize = 200;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None if line.is_empty() => "no text".to_owned(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn http(status: u16, body: &str) -> Result<Box<RawValue>, CallError> {
        HttpAnswer { status, retry_after: None, body: body.as_bytes() }.read(1)
    }

    fn meaning(error: Value) -> CallError {
        serde_json::from_value::<ErrorObject>(error).expect("error object").meaning()
    }

    #[test]
    fn a_rate_limit_that_says_execution_reverted_is_a_rate_limit() {
        let body = r#"{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0x"}}"#;
        assert!(matches!(http(429, body), Err(CallError::RateLimited { .. })));
        for error in [
            json!({"code": 429, "message": "execution reverted: Too Many Requests"}),
            json!({"code": -32005, "message": "execution reverted", "data": "0x08c379a0"}),
            json!({"code": -32016, "message": "over rate limit"}),
            json!({"code": -32000, "message": "Too Many Requests"}),
            json!({"code": -32007, "message": "100/second request limit reached"}),
            json!({"code": -32000, "message": "missing revert data: rate limit"}),
        ] {
            assert!(matches!(meaning(error.clone()), CallError::RateLimited { .. }), "{error}");
        }
    }

    #[test]
    fn a_revert_whose_text_speaks_of_a_rate_limit_is_a_revert() {
        let error = json!({"code": 3, "message": "execution reverted: rate limit exceeded", "data": "0x08c379a0"});
        assert!(matches!(meaning(error), CallError::Reverted(data) if data.len() == 4));
    }

    #[test]
    fn revert_data_is_found_in_every_nodes_shape() {
        let data: Bytes = "0x08c379a0".parse().expect("hex");
        for (node, error) in [
            ("geth, reth, anvil", json!({"code": 3, "message": "execution reverted", "data": "0x08c379a0"})),
            ("nethermind", json!({"code": -32015, "message": "VM execution error.", "data": "Reverted 0x08c379a0"})),
            ("besu", json!({"code": -32000, "message": "Execution reverted", "data": "0x08c379a0"})),
            (
                "hardhat",
                json!({"code": -32603, "message": "Error: VM Exception: reverted", "data": {"message": "x", "txHash": "0x1234", "data": "0x08c379a0"}}),
            ),
            (
                "ganache",
                json!({"code": -32000, "message": "VM Exception: revert", "data": {"0xab": {"error": "revert", "return": "0x08c379a0"}}}),
            ),
        ] {
            assert_eq!(meaning(error), CallError::Reverted(data.clone()), "{node}");
        }
        let bare = json!({"code": -32000, "message": "execution reverted"});
        assert_eq!(meaning(bare), CallError::Reverted(Bytes::new()));
    }

    #[test]
    fn half_answers_and_answers_to_other_questions_are_not_results() {
        for body in
            [r#"{"jsonrpc":"2.0","id":1,"resu"#, "", "<html>", "[]", r#"{"id":1}"#, r#"{"id":2,"result":"0x1"}"#]
        {
            assert!(matches!(http(200, body), Err(CallError::Malformed(_))), "{body}");
        }
        assert_eq!(http(200, r#"{"id":1,"result":null}"#).expect("null is a result").get(), "null");
        assert!(matches!(http(503, r#"{"id":1,"result":"0x1"}"#), Err(CallError::Unavailable(_))));
        let missing = http(404, "not here").expect_err("404");
        assert!(missing.is_local_to_endpoint() && !missing.is_transient(), "the next endpoint, but not again");
        assert!(matches!(http(308, ""), Err(CallError::Unavailable(_))));
    }

    #[test]
    fn a_block_that_was_reorged_away_is_told_from_a_refusal() {
        for message in ["header not found", "hash 0xab is not currently canonical", "missing trie node 0xab"] {
            assert!(matches!(meaning(json!({"code": -32000, "message": message})), CallError::UnknownBlock(_)));
        }
        let refused = meaning(json!({"code": -32601, "message": "Method not found"}));
        assert!(matches!(&refused, CallError::Refused { code: -32601, .. }) && refused.is_local_to_endpoint());
        let definite = meaning(json!({"code": -32000, "message": "nonce too low"}));
        assert!(!definite.is_local_to_endpoint() && !definite.is_transient());
        let logs = meaning(json!({"code": -32005, "message": "query returned more than 10000 results"}));
        assert!(matches!(logs, CallError::Refused { .. }));
    }

    #[test]
    fn the_wait_that_providers_ask_for_is_read() {
        let wait = |error: Value| meaning(error).wait();
        let infura = json!({"code": -32005, "message": "x", "data": {"rate": {"backoff_seconds": 30}}});
        assert_eq!(wait(infura), Some(Duration::from_secs(30)));
        let fraction = json!({"code": -32005, "message": "x", "data": {"rate": {"backoff_seconds": 2.5}}});
        assert_eq!(wait(fraction), Some(Duration::from_secs(3)));
        assert_eq!(wait(json!({"code": 429, "message": "try again in 40ms"})), Some(Duration::from_millis(40)));
        let header = HttpAnswer { status: 429, retry_after: Some(Duration::from_secs(7)), body: b"" }.read(1);
        assert_eq!(header.expect_err("limit").wait(), Some(Duration::from_secs(7)));
    }
}
