//! What `--json` writes is held against the schemas that are committed.
#![allow(clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use serde_json::Value;

/// Fields that hold bytes and not a number.
const BYTES: [&str; 6] = ["data", "header", "selector", "raw", "encoded_intent", "signature"];

/// The document must name a schema of docs/schema and follow it, and must write no number as bare hex.
#[track_caller]
pub(super) fn has_its_schema(document: &Value) {
    let named = document["schema"].as_str().unwrap_or_else(|| panic!("no schema is named: {document:#}"));
    let (name, version) = named.strip_prefix("trimtab.").and_then(|rest| rest.split_once('/')).expect("trimtab.NAME/1");
    assert!(version.parse::<u32>().is_ok(), "{named}");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.json"));
    let schema = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let schema: Value = serde_json::from_str(&schema).expect("json");
    let validator = jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let wrong: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{named}:\n{}\n{document:#}", wrong.join("\n"));
    has_no_bare_hex(document, "");
}

/// Addresses and hashes have 20 and 32 bytes; any other hex is a number that a reader must convert.
#[track_caller]
fn has_no_bare_hex(value: &Value, at: &str) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter().filter(|(name, _)| !BYTES.contains(&name.as_str())) {
                has_no_bare_hex(field, &format!("{at}/{name}"));
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| has_no_bare_hex(item, &format!("{at}/{i}")))
        }
        Value::String(text) => {
            let digits = text.strip_prefix("0x").filter(|digits| digits.chars().all(|digit| digit.is_ascii_hexdigit()));
            assert!(digits.is_none_or(|digits| matches!(digits.len(), 40 | 64)), "{at}: bare hex {text}");
        }
        _ => {}
    }
}
