//! `watch drill`, and who must have done it.

use std::time::{SystemTime, UNIX_EPOCH};

use alloy::{
    primitives::{U256, keccak256},
    signers::local::PrivateKeySigner,
};
use serde_json::json;
use trimtab::{chain::BASE_GENESIS, localchain::FeedAge, units::Secs};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use crate::{
    kit::{Daemon, health, looped, program},
    proxy::{Proxy, Verdict},
    trader::{Program, Trader, ether},
};

async fn hook() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    server
}

#[tokio::test]
async fn a_drill_trims_one_per_cent_and_back_and_the_test_alert_arrives() {
    let trader = looped().await;
    let hook = hook().await;
    let with_hook = || program(&trader).env("TRIMTAB_ALERTS_WEBHOOK_URL", &format!("{}/s3cr3tT0ken", hook.uri()));
    let nonce = trader.replica.nonce(trader.account).await;
    let before = health(&trader).await;
    let pair = trader.pair("WETH", "USDC").await;
    let debt = trader.debt(&pair).await;

    with_hook().run("watch drill").await.succeeds().shows(&["loop trim", "simulated: goes through", "dry run"]);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);
    assert!(hook.received_requests().await.expect("recorded").is_empty(), "no alert in a dry run");

    let drilled = with_hook().run("watch drill --broadcast --json").await;
    let drill = drilled.succeeds().json();
    assert_eq!((&drill["passed"], &drill["sent"]), (&json!(true), &json!(true)));
    assert_eq!(drill["alerts"], json!([{ "channel": "webhook", "failure": null }]));
    let repaid = drill["trim"]["figures"].as_array().expect("figures").iter().find(|figure| figure["name"] == "debt");
    let after: U256 = repaid.expect("debt")["actual"]["raw"].as_str().expect("text").parse().expect("number");
    let share = (debt - after) * U256::from(10_000) / debt;
    assert!(share >= U256::from(98) && share <= U256::from(101), "{share} basis points of the debt");
    assert_eq!(trader.replica.nonce(trader.account).await, nonce + U256::from(2));
    assert!((health(&trader).await - before).abs() < rust_decimal::dec!(0.002), "{} {before}", health(&trader).await);
    assert_eq!(hook.received_requests().await.expect("recorded").len(), 1);
    assert!(!drilled.stdout.contains("s3cr3tT0ken") && !drilled.stderr.contains("s3cr3tT0ken"));
    trader.assert_nothing_left(&pair).await;
    trader.program().run("journal export").await.succeeds().shows(&["drill-passed"]);
}

#[tokio::test]
async fn a_drill_beside_the_daemon_goes_through_it_and_is_written_down_there() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    let drilled = program(&trader).run("watch drill --broadcast").await;
    drilled.succeeds().shows(&["the drill has passed"]);
    assert!(drilled.stderr.contains("handed to the daemon"), "{drilled:#?}");
    assert!(drilled.stderr.contains("no alert channel is set up"), "{drilled:#?}");
    daemon.stop().await.succeeds();
    trader.program().run("journal export").await.succeeds().shows(&["drill-passed"]);
}

#[tokio::test]
async fn a_channel_that_is_down_fails_the_drill_and_it_is_not_written_down() {
    let trader = looped().await;
    let dead = program(&trader).env("TRIMTAB_ALERTS_WEBHOOK_URL", "http://127.0.0.1:9/s3cr3tT0ken");
    let drilled = dead.env("TRIMTAB_ALERTS_TIMEOUT", "1s").run("watch drill --broadcast").await;
    drilled.fails(3, &["webhook", "the drill has not passed"]);
    assert!(!drilled.stdout.contains("s3cr3tT0ken") && !drilled.stderr.contains("s3cr3tT0ken"), "{drilled:#?}");
    let exported = trader.program().run("journal export").await;
    assert!(!exported.succeeds().stdout.contains("drill-passed"));
}

#[tokio::test]
async fn without_a_loop_there_is_nothing_to_drill_on() {
    let trader = Trader::start().await;
    trader.program().run("watch drill").await.fails(4, &["no WETH/USDC loop", "open a small one first"]);
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
async fn on_a_live_chain_a_rich_account_is_not_watched_before_a_drill_has_passed_there() {
    let trader = Trader::start().await;
    let key = keccak256(format!("a key of a test, {:?}", trader.journals.path()));
    let account = PrivateKeySigner::from_bytes(&key).expect("key").address();
    trader.replica.controls.fund(account, ether(100), &[]).await.expect("funds");
    let key = key.to_string();
    let live = looks_live(&trader).await;
    let program = || {
        Program::new(trader.journals.path())
            .args(["--rpc-url", live.url().as_str(), "--private-key", key.as_str()])
            .env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0")
    };
    program().run("loop open --equity 1 --leverage 2 --broadcast --yes").await.succeeds();
    let refused = program().run("watch --once").await;
    refused.fails(4, &["watch.max_equity 1000", "no drill has passed", "watch drill"]);
    program().run("watch").await.fails(4, &["no drill has passed"]);
    program().env("TRIMTAB_WATCH_MAX_EQUITY", "1000000").run("watch --once").await.succeeds();
    program().run("watch drill --broadcast --yes").await.succeeds();
    program().run("watch --once").await.succeeds().shows(&["nothing to do"]);
}
