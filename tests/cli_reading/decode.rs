//! `decode`.

use alloy::primitives::{B256, Bytes, U256, hex};
use serde_json::{Value, json};
use trimtab::onedelta::{COMPOSER, PROBE_CALLDATA, wrap_stream};

use crate::trader::{Program, Ran, Trader};

/// Packed streams that ran on the real contract (onedelta.md says where they come from).
const VECTORS: &str = include_str!("../vectors/onedelta-executed-sequences.json");

/// Away from every endpoint and every replica of this machine.
async fn offline(words: &str) -> Ran {
    let dir = tempfile::tempdir().expect("temporary directory");
    let cache = dir.path().to_str().expect("a path").to_owned();
    Program::new(dir.path()).env("TRIMTAB_CACHE", &cache).run(words).await
}

#[tokio::test]
async fn a_recorded_composer_call_is_explained_offline_op_by_op() {
    let vectors: Value = serde_json::from_str(VECTORS).expect("json");
    let stream = vectors["sequences"][0]["steps"][0]["ops"].as_str().expect("a packed stream");
    let explained = offline(&format!("decode {stream}")).await;
    insta::assert_snapshot!(explained.succeeds().stdout);
    // The same in its transaction data, which stdin may bring in lines.
    let call = wrap_stream(&hex::decode(stream).expect("hex")).expect("current").to_string();
    let packed = offline(&format!("decode --json {stream}")).await.succeeds().json();
    let whole = offline(&format!("decode --json {call}")).await.succeeds().json();
    assert_eq!((&packed["kind"], &whole["kind"]), (&json!("composer-stream"), &json!("composer-call")));
    assert_eq!(packed["lines"], whole["lines"]);
}

#[test]
fn data_is_read_from_stdin_with_its_line_breaks() {
    let ran = assert_cmd::Command::new(env!("CARGO_BIN_EXE_trimtab"))
        .args(["decode", "-"])
        .env("TRIMTAB_CACHE", "/nonexistent")
        .env_remove("ETH_RPC_URL")
        .write_stdin("0x398d\n  4d32\n")
        .assert();
    ran.success().stdout(predicates::str::contains("InvalidOperation()"));
}

#[tokio::test]
async fn revert_data_of_every_room_is_named() {
    for (data, words) in [
        ("0x398d4d32", "InvalidOperation(): the composer does not know an op"),
        ("0x6d305815", "ReserveFrozen(): the reserve is frozen"),
        ("0x4e487b710000000000000000000000000000000000000000000000000000000000000011", "Panic(0x11)"),
        (
            "0x08c379a00000000000000000000000000000000000000000000000000000000000000020\
             00000000000000000000000000000000000000000000000000000000000000035354460000000000\
             000000000000000000000000000000000000000000000000",
            "\"STF\": the router could not take the tokens",
        ),
        ("0x", "reverted without data"),
    ] {
        offline(&format!("decode {data}")).await.succeeds().shows(&[words]);
    }
}

#[tokio::test]
async fn what_nobody_knows_is_refused_with_what_was_tried() {
    offline("decode deadbeef").await.fails(2, &["nothing known", "begins with 0xdeadbeef", "unknown command 0xde"]);
    offline("decode 0x12345").await.fails(2, &["not hex", "odd number"]);
    offline("decode hello").await.fails(2, &["not hex"]);
    let hash = B256::repeat_byte(0xab);
    offline(&format!("decode {hash}")).await.fails(2, &["give --rpc-url"]);
    let legacy = hex::encode(PROBE_CALLDATA);
    offline(&format!("decode {legacy}")).await.fails(2, &["legacy swap op 0x10"]);
    let failed = offline("decode --json deadbeef").await;
    assert_eq!(failed.fails(2, &[]).json()["error"]["exit"], 2);
}

#[tokio::test]
async fn an_endpoint_that_is_away_costs_names_not_the_explanation() {
    let explained = offline("decode 0x398d4d32 --rpc-url http://127.0.0.1:1 --rpc-timeout 1s").await;
    explained.succeeds().shows(&["InvalidOperation()"]);
    assert!(explained.stderr.contains("going on with the built-in names"), "{explained:#?}");
    let hash = B256::repeat_byte(0xab);
    offline(&format!("decode {hash} --rpc-url http://127.0.0.1:1 --rpc-timeout 1s")).await.fails(6, &["unavailable"]);
}

#[tokio::test]
async fn a_transaction_is_explained_by_its_hash_and_a_reverted_one_with_its_reason() {
    let trader = Trader::start().await;
    let opened = trader.program().run("loop open --equity 10 --leverage 3 --broadcast --json").await.succeeds().json();
    let hash = opened["transactions"][0].as_str().expect("a hash").to_owned();
    let explained = trader.program().run(&format!("decode {hash}")).await;
    explained.succeeds().shows(&[
        "from 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 to composer with 10 ETH; went through in block",
        "call of deltaCompose on the composer",
        "PERMIT composer may borrow for the caller: ",
        " USDC debt, until unix time ",
        "FLASH_LOAN Morpho Blue ",
        "EXT_CALL SwapRouter02",
        "DEPOSIT the composer's whole WETH balance into Aave pool for 0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    ]);

    let sent = json!([{
        "from": trader.account, "to": COMPOSER, "data": Bytes::from(PROBE_CALLDATA), "gas": U256::from(200_000)
    }]);
    let hash: B256 = trader.replica.request("eth_sendTransaction", sent).await.expect("sent");
    trader.replica.receipt(hash).await;
    let reverted = trader.program().run(&format!("decode {hash}")).await;
    reverted.succeeds().shows(&[
        "reverted in block",
        "InvalidOperation(): the composer does not know",
        "legacy swap op",
    ]);
    let json = trader.program().run(&format!("decode --json {hash}")).await.succeeds().json();
    assert_eq!(json["success"], false);

    let unknown = B256::repeat_byte(0xab);
    trader.program().run(&format!("decode {unknown}")).await.fails(2, &["no transaction of this hash"]);
}
