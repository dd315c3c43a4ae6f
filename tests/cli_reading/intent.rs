//! `perp intent`.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::trader::{Program, Ran};

const VECTORS: &str = include_str!("../vectors/avantis-v2-intent-vectors.json");
const KEY: &str = "--private-key 0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// The command on a file of this content, away from every endpoint.
async fn intent(content: &str, words: &str) -> Ran {
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = dir.path().join("intents.json");
    fs::write(&file, content).expect("written");
    on(dir.path(), &format!("perp intent {} {words}", file.display())).await
}

async fn on(dir: &Path, words: &str) -> Ran {
    Program::new(dir).env("TRIMTAB_CACHE", dir.to_str().expect("a path")).run(words).await
}

fn vectors() -> Value {
    serde_json::from_str(VECTORS).expect("json")
}

#[tokio::test]
async fn every_vector_is_hashed_and_signed_as_the_file_states_it() {
    let (file, signed) = (vectors(), intent(VECTORS, &format!("--json {KEY}")).await.succeeds().json());
    let (stated, rows) = (file["vectors"].as_array().expect("list"), signed["intents"].as_array().expect("list"));
    assert_eq!(rows.len(), stated.len());
    assert_eq!(signed["signer"], file["signer"].as_str().expect("an address").to_lowercase());
    for (stated, row) in stated.iter().zip(rows) {
        for (theirs, ours) in [
            ("id", "id"),
            ("kind", "kind"),
            ("typehash", "type_hash"),
            ("structHash", "struct_hash"),
            ("digest", "digest"),
            ("domainSeparator", "domain_separator"),
            ("encodedIntent", "encoded_intent"),
            ("signature", "signature"),
        ] {
            assert_eq!(stated[theirs], row[ours], "{theirs} of {}", stated["id"]);
        }
    }
}

#[tokio::test]
async fn without_a_wallet_there_are_hashes_and_no_signature() {
    let shown = intent(VECTORS, "--json").await.succeeds().json();
    let row = &shown["intents"][0];
    assert_eq!((&row["signature"], &shown["signer"], &row["refused"]), (&json!(null), &json!(null), &json!(null)));
    assert_eq!(row["digest"], vectors()["vectors"][0]["digest"]);
    intent(VECTORS, "").await.succeeds().shows(&["mainnet/increase: IncreasePositionSizeReq, counts on Base"]);
}

#[tokio::test]
async fn what_is_not_the_venues_is_not_signed_and_the_others_are() {
    let mut file = vectors();
    let list = file["vectors"].as_array_mut().expect("list");
    list.retain(|vector| vector["id"].as_str().is_some_and(|id| id.starts_with("mainnet/")));
    for name in ["domainSeparator", "digest", "signature"] {
        list[0].as_object_mut().expect("object").shift_remove(name);
    }
    list[0]["domain"]["verifyingContract"] = json!("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    list[0]["domain"].as_object_mut().expect("object").shift_remove("separator");
    let ran = intent(&file.to_string(), &format!("--json {KEY}")).await;
    ran.fails(4, &["domain.verifyingContract: 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913 instead of 0x4491"]);
    let rows = ran.json();
    assert_eq!((&rows["intents"][0]["signature"], &rows["intents"][0]["place"]), (&json!(null), &json!(null)));
    assert!(rows["intents"][1]["signature"].is_string());
}

#[tokio::test]
async fn a_real_key_signs_nothing_for_a_local_chain_unless_it_is_allowed() {
    let real = format!("--private-key 0x{}", "11".repeat(32));
    let mut file = vectors();
    file["vectors"].as_array_mut().expect("list").truncate(1);
    let text = file.to_string();
    intent(&text, &real).await.fails(4, &["a local chain's (chain id 31337)", "--allow-real-key"]);
    let allowed = intent(&text, &format!("{real} --allow-real-key --json")).await.succeeds().json();
    assert!(allowed["intents"][0]["signature"].is_string());
}

#[tokio::test]
async fn a_malformed_file_is_refused_with_vector_and_field() {
    let mut file = vectors();
    file["vectors"][3]["message"].as_object_mut().expect("object").shift_remove("_amount");
    file["vectors"][3]["message"].as_object_mut().expect("object").shift_remove("_wantedPrice");
    let ran = intent(&file.to_string(), "--json").await;
    ran.fails(2, &["vector golden/CloseTradeCoinExposureReq: message._wantedPrice: missing"]);
    assert_eq!(ran.json()["error"]["code"], "intent");
    intent("{", "").await.fails(2, &["not JSON"]);
    intent(&" ".repeat((8 << 20) + 1), "").await.fails(2, &["longer than 8388608 bytes"]);
    let mut file = vectors();
    file["vectors"][0]["digest"] = json!("0x00");
    intent(&file.to_string(), KEY).await.fails(4, &["golden/OpenTradeReq: digest is 0x6cb6", "the file states"]);
}

/// As `perp open --plan-out` writes it.
fn order(ask: &Value) -> String {
    json!({
        "schema": trimtab::trade::ORDER_SCHEMA,
        "id": "01J9Z3NDEKTSV4RRFFQ69G5FAV",
        "network": "base",
        "account": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
        "block": 1,
        "planned_at": 1,
        "ask": { "perp": ask },
        "predicted": { "figures": [], "costs": [] },
    })
    .to_string()
}

async fn of_order(ask: &Value, words: &str) -> Ran {
    let dir = tempfile::tempdir().expect("temporary directory");
    let file = dir.path().join("order.json");
    fs::write(&file, order(ask)).expect("written");
    on(dir.path(), &format!("perp intent --from-order {} {words}", file.display())).await
}

#[tokio::test]
async fn an_order_becomes_the_intent_of_the_vectors() {
    let close = json!({ "request": "close", "position": "0:0", "portion": "all" });
    let facts = "--price 2567.98 --collateral 249.4375 --open-timestamp 1791439572";
    let pinned = "--deadline-ms 1795000000000 --nonce 77";
    let made = of_order(&close, &format!("{facts} {pinned} --json {KEY}")).await.succeeds().json();
    let row = &made["intents"][0];
    assert_eq!(row["message"]["_amount"], "249437500");
    assert_eq!(row["message"]["_wantedPrice"], "25679800000000");
    assert_eq!(row["request"]["path"], "/batched-market/market/execute-batched");
    // What was printed is a file of the vectors' form, too, once it has its types.
    let types = vectors()["vectors"]
        .as_array()
        .expect("list")
        .iter()
        .find_map(|vector| (vector["kind"] == "CloseTradeReq").then(|| vector["types"].clone()));
    let domain = vectors()["domains"]["trading_base_mainnet"].clone();
    let again = json!({ "vectors": [{
        "id": "again", "kind": row["kind"], "domain": domain, "message": row["message"], "types": types,
        "digest": row["digest"],
    }] });
    let again = intent(&again.to_string(), &format!("--json {KEY}")).await.succeeds().json();
    assert_eq!(again["intents"][0]["signature"], row["signature"]);

    let twice =
        [of_order(&close, &format!("{facts} --json")).await, of_order(&close, &format!("{facts} --json")).await];
    let nonces = twice.map(|ran| ran.succeeds().json()["intents"][0]["message"]["_nonce"].clone());
    assert_ne!(nonces[0], nonces[1], "a nonce is drawn for each");
    of_order(&close, "").await.fails(2, &["collateral: needed"]);
    let cancel = json!({ "request": "cancel", "order": "0:0" });
    of_order(&cancel, "").await.fails(2, &["by a transaction of one's own"]);
}
