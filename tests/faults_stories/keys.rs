//! Practice cannot leak into the real: which key signs where.

use std::time::{SystemTime, UNIX_EPOCH};

use alloy::{
    primitives::{U256, keccak256},
    signers::local::PrivateKeySigner,
};
use serde_json::json;
use trimtab::{chain::BASE_GENESIS, localchain::FeedAge, units::Secs};

use crate::{
    proxy::{Proxy, Verdict},
    trader::{Program, Trader, ether},
};

const OPEN: &str = "loop open --equity 2 --leverage 2 --broadcast";

/// A key that nobody publishes, and its account with some ether on the replica.
async fn real_key(trader: &Trader) -> (String, PrivateKeySigner) {
    let secret = keccak256(format!("a key of a test, {:?}", trader.journals.path()));
    let signer = PrivateKeySigner::from_bytes(&secret).expect("key");
    trader.replica.controls.fund(signer.address(), ether(100), &[]).await.expect("funds");
    (secret.to_string(), signer)
}

/// A node that nobody can tell from a live one: Base's genesis, no anvil, a head of just now.
async fn looks_live(trader: &Trader) -> Proxy {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let head = trader.replica.controls.head().await.expect("head").timestamp.0;
    if wall > head + 1 {
        trader.replica.controls.warp(Secs(wall - head), FeedAge::Refreshed).await.expect("warp");
    }
    Proxy::before(trader.replica.url(), |method, params| match method {
        "anvil_nodeInfo" | "anvil_metadata" => Verdict::Error(-32601, "the method does not exist"),
        "web3_clientVersion" => Verdict::Result(json!("op-reth/v1.9.0")),
        "eth_getBlockByNumber" if params[0] == "0x0" => Verdict::Result(json!({
            "number": "0x0", "hash": BASE_GENESIS, "timestamp": "0x6489cf9f", "transactions": [],
        })),
        _ => Verdict::Pass,
    })
}

#[tokio::test]
async fn a_real_key_produces_neither_transaction_nor_permit_on_a_replica_by_accident() {
    let trader = Trader::start().await;
    let watched = Proxy::before(trader.replica.url(), |_, _| Verdict::Pass);
    let (key, signer) = real_key(&trader).await;
    let program = || {
        Program::new(trader.journals.path()).args(["--rpc-url", watched.url().as_str(), "--private-key", key.as_str()])
    };
    // Looking is free: a dry run signs nothing.
    program().run("loop open --equity 2 --leverage 2").await.succeeds();
    let refused = program().run(OPEN).await;
    refused.fails(3, &["--allow-real-key", &signer.address().to_string()]);
    assert_eq!(watched.count("eth_sendRawTransaction"), 0);
    // Not even a journal was begun: the key was turned away before.
    program().run("journal list").await.fails(3, &["no journal"]);
    assert_eq!(trader.replica.nonce(signer.address()).await, U256::ZERO);

    program().run(&format!("{OPEN} --allow-real-key")).await.succeeds();
    assert_eq!(trader.replica.nonce(signer.address()).await, U256::ONE);
}

#[tokio::test]
async fn a_key_that_everybody_has_signs_nothing_on_a_live_chain() {
    let trader = Trader::start().await;
    let live = looks_live(&trader).await;
    let public = Program::new(trader.journals.path()).args(["--rpc-url", live.url().as_str()]).wallet(1);
    public.run(&format!("{OPEN} --yes")).await.fails(3, &["public"]);
    let phrase = "test test test test test test test test test test test junk";
    let public = Program::new(trader.journals.path()).args(["--rpc-url", live.url().as_str(), "--mnemonic", phrase]);
    public.run(&format!("{OPEN} --yes --allow-real-key --mnemonic-index 7")).await.fails(3, &["public"]);
    assert_eq!(live.count("eth_sendRawTransaction"), 0);
}

#[tokio::test]
async fn on_a_live_chain_nothing_is_sent_without_a_yes_and_journals_are_kept_apart() {
    let trader = Trader::start().await;
    let live = looks_live(&trader).await;
    let (key, signer) = real_key(&trader).await;
    let program =
        |url: &str| Program::new(trader.journals.path()).args(["--rpc-url", url, "--private-key", key.as_str()]);
    program(&live.url()).run(OPEN).await.fails(2, &["--yes"]);
    assert_eq!(live.count("eth_sendRawTransaction"), 0);
    program(&live.url()).run(&format!("{OPEN} --yes")).await.succeeds();
    assert_eq!(trader.replica.nonce(signer.address()).await, U256::ONE);
    program(&live.url()).run("journal list").await.succeeds().shows(&["loop open"]);
    program(trader.replica.url()).run("journal list").await.fails(3, &["no journal for"]);
}

#[tokio::test]
async fn a_live_node_whose_head_is_old_is_not_believed() {
    let trader = Trader::start().await;
    let live = looks_live(&trader).await;
    let old = trader.replica.controls.head().await.expect("head").number - 1;
    let lying = Proxy::before(&live.url(), move |method, params| match method {
        "eth_getBlockByNumber" if params[0] == "latest" => {
            Verdict::Ask("eth_getBlockByNumber", json!([format!("{old:#x}"), params[1]]))
        }
        _ => Verdict::Pass,
    });
    let (key, _) = real_key(&trader).await;
    let program =
        Program::new(trader.journals.path()).args(["--rpc-url", lying.url().as_str(), "--private-key", key.as_str()]);
    program.run(&format!("{OPEN} --yes")).await.fails(6, &["stale head"]);
    assert_eq!(lying.count("eth_sendRawTransaction"), 0);
}
