//! `pause`, `resume` and `flatten`.

use alloy::primitives::U256;
use serde_json::{Value, json};

use crate::kit::Floor;

#[tokio::test]
async fn pausing_refuses_every_open_until_it_is_resumed_and_the_journal_tells_it() {
    let floor = Floor::open(5_000).await;
    floor.run("pause").await.succeeds().shows(&["nothing is opened until `trimtab resume`"]);
    floor.run("pause").await.succeeds().shows(&["it was paused already"]);
    floor.plan(&json!({}), "--base-capital 3000").await.fails(4, &["governor: opening is paused"]);
    // Practice has a switch of its own.
    floor.plan(&json!({}), "--base-capital 3000 --paper").await.succeeds();
    floor.run("resume").await.succeeds().shows(&["signals are traded again"]);
    floor.plan(&json!({}), "--base-capital 3000").await.succeeds();
    let exported = floor.trader.program().run("journal export").await;
    let rows = exported.succeeds().stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    let events: Vec<Value> = rows.filter(|row| row["table"] == "events").collect();
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["record"]["kind"].as_str()).collect();
    assert_eq!(kinds, ["paused", "paused", "resumed"], "{events:?}");
}

#[tokio::test]
async fn the_equity_that_the_governor_starts_from_is_loop_wallet_and_perps_together() {
    let floor = Floor::open(5_000).await;
    floor.trader.program().run("loop open --equity 1 --leverage 2 --broadcast").await.succeeds();
    let state = floor.run("pause --json").await.succeeds().json();
    let equity: f64 = state["governor"]["equity"].as_str().expect("text").parse().expect("number");
    // One ether at 3000 less what the swap cost, and 5000 USDC.
    assert!((7_995.0..8_000.5).contains(&equity), "{equity}");
}

#[tokio::test]
async fn flattening_shows_first_then_closes_loops_and_leaves_opening_paused() {
    let floor = Floor::open(5_000).await;
    floor.run("flatten").await.succeeds().shows(&["nothing that this program opened is open", "dry run"]);
    floor.trader.program().run("loop open --equity 1 --leverage 2 --broadcast").await.succeeds();
    let before = floor.trader.replica.nonce(floor.trader.account).await;
    floor.run("flatten").await.succeeds().shows(&["loop WETH/USDC", "dry run: nothing was sent"]);
    assert_eq!(floor.trader.replica.nonce(floor.trader.account).await, before);
    let done: Value = floor.run("flatten --broadcast --json").await.succeeds().json();
    assert_eq!(done["closed"][0]["result"], json!({ "Ok": "closed" }), "{done:#}");
    assert_eq!(floor.trader.health_factor().await, U256::MAX, "no debt is left");
    floor.plan(&json!({}), "--base-capital 3000").await.fails(4, &["governor: opening is paused"]);
    floor.run("flatten --broadcast").await.succeeds().shows(&["paused"]);
}
