//! `signal plan`: everything a trade would be, and why it may not be.

use alloy::primitives::U256;
use rust_decimal::dec;
use serde_json::{Value, json};

use crate::{
    kit::Floor,
    liar::Liar,
    trader::{Program, USDC},
};

fn at(document: &Value, pointer: &str) -> Value {
    document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} in {document:#}")).clone()
}

#[tokio::test]
async fn the_best_signal_at_3000_is_planned_with_every_figure_and_nothing_is_sent() {
    let floor = Floor::open(5_000).await;
    let shown = floor.plan(&json!({}), "--base-capital 3000").await;
    shown.succeeds().shows(&[
        "table option-c, tier very-strong",
        "none now, to 3x with 3,000 USD of WETH",
        "margin 1,500 x 15 = 22,500 USDC",
        "capital: total",
        "cost of the perp: opening fee",
        "10.125 USD",
        "reward/risk",
        "break-even win rate",
        "loop leverage: ok: 3 against a maximum below",
        "health factor after opening is 1.245, the floor 1.23; highest leverage that fits is 3.07",
        "perp minimum: ok: margin x leverage is 22500 USDC, ETH/USD takes at least 100",
        "leverage 15 is within the 1 to 50 of ETH/USD",
        "survival: ok: 5000 USDC are free, margin and fees are 1500 USDC",
        "at a fall of 10 % the health factor is 1.1205, urgent is 1.08; the trim to 1.25 repays 1851",
        "the cap is off for tables",
        "it adds nothing to the perp",
        "feasible; nothing was sent",
    ]);
    let document = floor.plan(&json!({}), "--base-capital 3000 --json").await.succeeds().json();
    assert_eq!(at(&document, "/feasible"), true);
    assert_eq!(at(&document, "/assessment/size/margin"), "1500");
    assert_eq!(at(&document, "/assessment/loop_target"), "3");
    assert_eq!(at(&document, "/assessment/refusals"), json!([]));
    let rules: Vec<Value> = at(&document, "/assessment/feasibility/checks")
        .as_array()
        .expect("checks")
        .iter()
        .map(|check| check["rule"].clone())
        .collect();
    for rule in ["loop-leverage", "opening-health-factor", "perp-minimum", "venue", "edge", "survival"] {
        assert!(rules.contains(&json!(rule)), "{rule} in {rules:?}");
    }
    assert_eq!(floor.trader.replica.nonce(floor.trader.account).await, U256::ZERO);
}

#[tokio::test]
async fn what_is_not_possible_is_refused_with_both_figures_and_all_reasons_at_once() {
    let floor = Floor::open(100).await;
    let poor = floor.plan(&json!({}), "--base-capital 3000").await;
    poor.fails(4, &["survival: refused: 100 USDC are free, margin and fees are 1500 USDC"]);
    let small = json!({ "score": 10 });
    let below = floor.plan(&small, "--base-capital 30").await;
    below.fails(4, &["perp minimum: refused: margin x leverage is 90 USDC, ETH/USD takes at least 100"]);
    let raised = floor.plan(&small, "--base-capital 30 --below-minimum raise-margin").await;
    raised.succeeds().shows(&["the margin is raised from 6 to 6.666667 USDC"]);
    let matrix = floor.plan(&json!({}), "--base-capital 3 --table matrix").await;
    matrix.fails(
        4,
        &[
            "loop leverage: refused: 10 against a maximum below 4.9",
            "health factor after opening is 0.922, the floor 1.23; highest leverage that fits is 3.07",
            "perp minimum: refused",
            "survival: refused: at a fall of 10 %",
        ],
    );
    let narrow = json!({ "pair": "OP/USD", "entry": "1" });
    let range = floor.plan(&narrow, "--base-capital 100").await;
    range.fails(4, &["leverage 15 is outside the 1 to 5 of OP/USD; --cap lowers it"]);
    let close = json!({ "target": "3001", "stop": "2999" });
    let edge = floor.plan(&close, "--base-capital 100").await;
    edge.fails(4, &["edge: refused: the target is 0.0333 % away", "no win rate breaks even"]);
}

#[tokio::test]
async fn a_signal_that_cannot_be_taken_says_which_field_and_why() {
    let floor = Floor::open(5_000).await;
    for (change, code, words) in [
        (json!({ "score": 101 }), 2, "score"),
        (json!({ "stop": "3100" }), 2, "stop"),
        (json!({ "colour": "red" }), 2, "colour"),
        (json!({ "at": "2026-01-01T00:00:00Z" }), 4, "at most 60 s are traded"),
        (json!({ "pair": "XXX/USD" }), 2, "XXX/USD is not listed; listed are ETH/USD"),
        (json!({ "entry": "2900" }), 4, "the mark 3000 is 3.4483 % from the entry 2900"),
    ] {
        floor.plan(&change, "--base-capital 3000").await.fails(code, &[words]);
    }
    floor.plan(&json!({}), "").await.fails(3, &["`strategy.base_capital` is not set"]);
    floor.plan(&json!({}), "--base-capital 3000 --table option-z").await.fails(3, &["option-z"]);
}

#[tokio::test]
async fn a_margin_may_be_borrowed_in_the_loops_own_transaction_where_the_health_factor_allows_it() {
    let floor = Floor::open(0).await;
    let strong = floor.plan(&json!({ "score": 75 }), "--base-capital 3000 --margin-from borrow").await;
    strong.succeeds().shows(&[
        "health factor after opening with 1000 USDC borrowed is 1.245, the floor 1.23",
        "borrowed: margin",
        "feasible",
    ]);
    let best = floor.plan(&json!({}), "--base-capital 3000 --margin-from borrow").await;
    best.fails(4, &["health factor after opening with 1500 USDC borrowed is 0.996, the floor 1.23"]);
}

#[tokio::test]
async fn a_borrowed_margin_opens_loop_and_perp_from_ether_alone_with_the_health_factor_that_was_planned() {
    let floor = Floor::open(0).await;
    let strong = json!({ "score": 75 });
    let flags = "--base-capital 3000 --margin-from borrow";
    let planned = floor.plan(&strong, &format!("{flags} --json")).await.succeeds().json();
    let figures = at(&planned, "/assessment/loop_plan/figures");
    let health = figures.as_array().expect("figures").iter().find(|figure| figure["name"] == "health_factor");
    let health: U256 = health.expect("a figure")["after"]["raw"].as_str().expect("text").parse().expect("number");
    let file = floor.signal(&strong);
    floor.run(&format!("signal run {} {flags} --broadcast --detach", file.display())).await.succeeds();
    let actual = floor.trader.health_factor().await;
    assert!(actual.abs_diff(health) * U256::from(1_000_000) <= health, "{actual} instead of {health}");
    let listed = floor.run("perp list --json").await.succeeds().json();
    assert_eq!(at(&listed, "/positions/0/pair"), "ETH/USD", "{listed:#}");
    assert_eq!(floor.trader.balance(USDC, floor.trader.account).await, U256::ZERO, "all of it is in the perp");
}

#[tokio::test]
async fn a_fill_worse_than_the_slippage_of_the_settings_is_refused_before_anything_is_sent() {
    let floor = Floor::open(5_000).await;
    let file = floor.signal(&json!({}));
    let words = format!("signal plan {} --base-capital 3000 --price-url {}", file.display(), floor.keeper.price_url());
    let narrow = floor.trader.program().env("TRIMTAB_PERPS_SLIPPAGE_BPS", "1").run(&words).await;
    narrow.fails(4, &["spread of the expected fill", "above the limit 0.01 %"]);
}

#[tokio::test]
async fn an_existing_loop_is_adjusted_and_one_of_somebody_else_only_when_asked_for() {
    let floor = Floor::open(5_000).await;
    floor.trader.program().run("loop open --equity 1 --leverage 2 --broadcast").await.succeeds();
    let adjusted = floor.plan(&json!({}), "--base-capital 3000").await;
    adjusted.succeeds().shows(&["2", "now, to 3x", "it is adjusted, nothing is put in"]);
    let foreign = Floor::open(5_000).await;
    let elsewhere = tempfile::tempdir().expect("temporary directory");
    let open = format!("loop open --equity 1 --leverage 2 --broadcast --journal-dir {}", elsewhere.path().display());
    Program::new(elsewhere.path())
        .args(["--rpc-url", foreign.trader.replica.url()])
        .wallet(1)
        .run(&open)
        .await
        .succeeds();
    let refused = foreign.plan(&json!({}), "--base-capital 3000").await;
    refused.fails(4, &["this journal did not open", "--include-existing"]);
    foreign.plan(&json!({}), "--base-capital 3000 --include-existing").await.succeeds();
}

#[tokio::test]
async fn a_signal_is_refused_where_the_price_service_contradicts_the_chain() {
    let floor = Floor::open(5_000).await;
    for (factor, entry) in [(dec!(2), "6000"), (dec!(0.5), "1500")] {
        let liar = Liar::times(floor.keeper.price_url(), 0, factor).await;
        let file = floor.signal(&json!({ "entry": entry }));
        let words = format!("signal plan {} --base-capital 3000 --price-url {}", file.display(), liar.url());
        let refused = floor.trader.program().run(&words).await;
        refused.fails(4, &["Aave's oracle on chain says 3000", &format!("ETH/USD is at {entry}")]);
    }
}
