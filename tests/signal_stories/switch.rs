//! `pause`, `resume` and `flatten`.

use alloy::primitives::U256;
use serde_json::{Value, json};

use crate::{
    kit::Floor,
    trader::{USDC, WETH, milli_ether, units},
};

#[tokio::test]
async fn pausing_refuses_every_open_until_it_is_resumed_and_the_journal_tells_it() {
    let floor = Floor::open(5_000).await;
    floor.run("pause").await.succeeds().shows(&["nothing is opened until `trimtab resume`"]);
    floor.run("pause").await.succeeds().shows(&["it was paused already"]);
    floor.plan(&json!({}), "--base-capital 3000").await.fails(4, &["governor: opening is paused"]);
    // Practice has a switch of its own.
    floor.plan(&json!({}), "--base-capital 3000 --paper").await.succeeds();
    floor.run("resume").await.succeeds().shows(&["opening and adding risk is allowed again"]);
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

#[tokio::test]
async fn flattening_a_short_does_not_leave_its_owner_with_what_he_was_short_of() {
    let floor = Floor::open(5_000).await;
    floor.trader.give(USDC, units(3_000, 6)).await;
    let open = "loop open --collateral USDC --debt WETH --equity 3000 --leverage 2 --broadcast";
    floor.trader.program().run(open).await.succeeds();
    let before = floor.trader.balance(USDC, floor.trader.account).await;
    let done: Value = floor.run("flatten --broadcast --json").await.succeeds().json();
    assert_eq!(done["closed"][0]["result"], json!({ "Ok": "closed" }), "{done:#}");
    let paid = floor.trader.balance(USDC, floor.trader.account).await - before;
    assert!(paid > units(2_980, 6), "{paid}");
    assert!(floor.trader.balance(WETH, floor.trader.account).await < milli_ether(1));
}

const OPEN: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 10 --broadcast";

#[tokio::test]
async fn flattening_takes_back_and_closes_what_we_placed_and_leaves_what_others_did_until_told() {
    let floor = Floor::open(5_000).await;
    floor.run(OPEN).await.succeeds();
    floor.run(&format!("{OPEN} --limit 2900")).await.succeeds();
    // The same wallet from another machine.
    let elsewhere = tempfile::tempdir().expect("temporary directory");
    let other = format!("--price-url {} --journal-dir {}", floor.keeper.price_url(), elsewhere.path().display());
    floor.trader.program().run(&format!("{OPEN} {other}")).await.succeeds();
    floor.trader.program().run(&format!("{OPEN} --limit 2800 {other}")).await.succeeds();
    let shown = floor.run("flatten --json").await.succeeds().json();
    let words = |list: &Value, field: Option<&str>| -> Vec<String> {
        let text = |one: &Value| field.map_or(one, |field| &one[field]).as_str().expect("text").to_owned();
        list.as_array().expect("a list").iter().map(text).collect()
    };
    assert_eq!(words(&shown["closes"], Some("what")), ["limit order 0:0 on ETH/USD", "long ETH/USD 0:0"]);
    assert_eq!(words(&shown["stays"], None), ["limit order 0:1 on ETH/USD", "long ETH/USD 0:1"]);
    floor.run("flatten").await.succeeds().shows(&["limit order 0:1 on ETH/USD stays", "--include-existing"]);

    let done = floor.run("flatten --broadcast --json").await.succeeds().json();
    assert_eq!(done["closed"][0]["result"], json!({ "Ok": "done" }), "{done:#}");
    let closed = done["closed"][1]["result"]["Ok"].as_str().expect("closed");
    assert!(closed.contains("USDC paid"), "{closed}");
    let listed = floor.run("perp list --json").await.succeeds().json();
    assert_eq!((listed["positions"][0]["id"].clone(), listed["positions"][1].clone()), (json!("0:1"), Value::Null));

    floor.run("flatten --include-existing --broadcast").await.succeeds().shows(&["long ETH/USD 0:1: closed at"]);
    floor.run("perp list").await.succeeds().shows(&["no perp is open"]);
    floor.run("flatten").await.succeeds().shows(&["nothing that this program opened is open"]);
}
