//! Every leaf of a document, changed in every way that somebody who means harm or nothing at all would try.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::panic)]

mod judge;

#[allow(unused_imports)]
pub use judge::{Harmless, audit_loop, judge};
use serde_json::{Map, Value, json};

/// One change: where, and the document with it.
pub struct Mutation {
    pub at: String,
    pub what: String,
    pub document: Value,
}

/// An account that is nobody's here.
pub const STRANGER: &str = "0x1111111111111111111111111111111111111111";

/// Reserves of Aave's: WETH, USDC, cbETH, cbBTC.
const RESERVES: [&str; 4] = [
    "0x4200000000000000000000000000000000000006",
    "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    "0x2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22",
    "0xcbB7C0000aB88B473b1f5aFd9ef808440eed33Bf",
];

fn replacements(leaf: &Value) -> Vec<Value> {
    let mut all = vec![Value::Null, json!([]), json!({}), json!(true), json!(-1), json!("")];
    match leaf {
        Value::String(text) => {
            for other in ["0", "-1", "1", "NaN", "inf", "1e30", "0x0", "0x1", STRANGER, "1.001", "2.3", "100"] {
                all.push(json!(other));
            }
            all.push(json!(format!("0x{}", "f".repeat(64))));
            if text.len() == STRANGER.len() && text.starts_with("0x") {
                all.extend(RESERVES.iter().filter(|other| !other.eq_ignore_ascii_case(text)).map(|other| json!(other)));
            }
            // One digit more, and one other digit.
            all.push(json!(format!("{text}0")));
            if let Some(digit) = text.char_indices().rev().find(|(_, letter)| letter.is_ascii_digit()) {
                let other = if digit.1 == '1' { "2" } else { "1" };
                let mut changed = text.clone();
                changed.replace_range(digit.0..=digit.0, other);
                all.push(json!(changed));
            }
        }
        Value::Number(number) => {
            let number = number.as_u64().unwrap_or_default();
            for other in [0, 1, number + 1, number.saturating_sub(1), number * 2, u64::MAX, 9_999] {
                all.push(json!(other));
            }
            all.push(json!(1.5));
            all.push(json!("1"));
        }
        Value::Bool(flag) => all.push(json!(!flag)),
        _ => {}
    }
    all.retain(|other| other != leaf);
    all
}

fn walk(value: &Value, at: &str, found: &mut Vec<(String, Value)>) {
    found.push((at.to_owned(), value.clone()));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| walk(inner, &format!("{at}/{name}"), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, inner)| walk(inner, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// All of them.
pub fn mutations(document: &Value) -> Vec<Mutation> {
    let mut places = Vec::new();
    walk(document, "", &mut places);
    let mut all = Vec::new();
    let mut push = |at: &str, what: String, changed: Value| {
        let mut document = document.clone();
        *document.pointer_mut(at).expect("a place") = changed;
        all.push(Mutation { at: at.to_owned(), what, document });
    };
    for (at, value) in &places {
        match value {
            Value::Object(fields) => {
                for name in fields.keys() {
                    let mut less = fields.clone();
                    less.remove(name);
                    push(at, format!("without {name}"), Value::Object(less));
                }
                let mut more: Map<String, Value> = fields.clone();
                more.insert("valid_until".to_owned(), json!(u64::MAX));
                more.insert("steps".to_owned(), json!([]));
                push(at, "with more".to_owned(), Value::Object(more));
            }
            Value::Array(items) => {
                for index in 0..items.len() {
                    let mut less = items.clone();
                    less.remove(index);
                    push(at, format!("without {index}"), Value::Array(less));
                }
            }
            leaf => {
                for other in replacements(leaf) {
                    push(at, format!("{leaf} -> {other}"), other);
                }
            }
        }
    }
    all
}
