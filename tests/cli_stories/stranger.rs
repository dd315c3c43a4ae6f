//! A plan file in a stranger's hands: it is an order, and nothing in it is believed.

use alloy::primitives::U256;
use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::{
    loops::{Funds, Request, Target},
    units::to_decimal,
};

use crate::{
    mutate::STRANGER,
    trader::{Trader, ether},
};

/// Writes a plan file and gives what is in it.
async fn written(trader: &Trader, words: &str) -> Value {
    trader.program().run(&format!("{words} --plan-out plan.json")).await.succeeds();
    let path = trader.journals.path().join("plan.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("written")).expect("JSON")
}

async fn is_refused(trader: &Trader, document: &Value, code: i32, said: &[&str]) {
    std::fs::write(trader.journals.path().join("plan.json"), document.to_string()).expect("written");
    let nonce = trader.replica.nonce(trader.account).await;
    trader.program().run("send plan.json --broadcast").await.fails(code, said);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce, "something was signed");
}

#[tokio::test]
async fn three_edits_to_minimum_fee_and_tolerances_find_nothing_to_edit_and_an_old_plan_with_them_is_not_sent() {
    let trader = Trader::start().await;
    let text = written(&trader, "loop open --equity 5 --leverage 2").await.to_string();
    for word in ["steps", "segments", "data", "tolerance", "limit", "bounds", "deadline", "valid_until", "subject"] {
        assert!(!text.contains(&format!("\"{word}\":")), "`{word}` is in {text}");
    }
    // As the version before wrote it, with call data: the three edits are in what is not even read.
    let pair = trader.pair("WETH", "USDC").await;
    let open = Request::Open { funds: Funds::Native(ether(5)), target: Target::Leverage(dec!(2)) };
    let mut old = serde_json::to_value(trader.plan(&pair, &open).await.expect("a plan")).expect("JSON");
    for figure in old["figures"].as_array_mut().expect("figures") {
        figure["tolerance"] = json!(U256::MAX);
    }
    for bound in old["bounds"].as_array_mut().expect("bounds") {
        bound["blocking"] = json!(false);
    }
    is_refused(&trader, &old, 4, &["plan of an earlier version", "plan again"]).await;
    // An adjustment of that version says what was asked: it is planned anew, and its call data are not looked at.
    trader.act(&pair, &open).await;
    let adjust = Request::Adjust { target: Target::Leverage(dec!(1.5)) };
    let mut old = serde_json::to_value(trader.plan(&pair, &adjust).await.expect("a plan")).expect("JSON");
    old["steps"] = json!([{ "purpose": "x", "to": STRANGER, "value": "0xde0b6b3a7640000",
        "data": { "form": "fixed", "data": "0x" } }]);
    old["valid_until"] = json!(0);
    std::fs::write(trader.journals.path().join("plan.json"), old.to_string()).expect("written");
    let before = trader.replica.balance(STRANGER.parse().expect("an address")).await;
    trader.program().run("send plan.json --broadcast").await.succeeds().shows(&["nothing left behind"]);
    assert_eq!(trader.replica.balance(STRANGER.parse().expect("an address")).await, before);
}

#[tokio::test]
async fn a_token_of_the_attackers_is_no_reserve_and_no_permit_is_signed_for_it() {
    let trader = Trader::start().await;
    let honest = written(&trader, "loop open --equity 5 --leverage 2").await;
    for side in ["collateral", "debt"] {
        let mut attack = honest.clone();
        attack["ask"]["loop"][side] = json!(STRANGER);
        let said: &[&str] = if side == "debt" { &["is not a reserve of aave"] } else { &[] };
        let code = if side == "debt" { 2 } else { 4 };
        is_refused(&trader, &attack, code, said).await;
    }
    let mut elsewhere = honest.clone();
    elsewhere["ask"]["loop"]["subject"] = json!({ "pair": { "collateral": STRANGER } });
    is_refused(&trader, &elsewhere, 2, &["unknown field"]).await;
    let closing = {
        let pair = trader.pair("WETH", "USDC").await;
        let open = Request::Open { funds: Funds::Native(ether(2)), target: Target::Leverage(dec!(2)) };
        trader.act(&pair, &open).await;
        written(&trader, "loop close --include-existing --to collateral").await
    };
    let mut paid_elsewhere = closing;
    paid_elsewhere["ask"]["loop"]["request"]["close"]["payout"] = json!({ "collateral": { "unwrap": STRANGER } });
    is_refused(&trader, &paid_elsewhere, 4, &["payout in another token"]).await;
}

#[tokio::test]
async fn an_edited_amount_or_target_is_not_what_was_predicted() {
    let trader = Trader::start().await;
    let honest = written(&trader, "loop open --equity 5 --leverage 2").await;
    for (at, value, said) in [
        ("/ask/loop/request/open/target/leverage", json!("2.5"), "bounds.plan_drift_bps"),
        ("/ask/loop/request/open/funds/native", json!(format!("{:#x}", ether(50))), "bounds.plan_drift_bps"),
        ("/ask/loop/slippage_bps", json!(2_000), "bounds.open.slippage_bps"),
        ("/ask/loop/request", json!({ "draw": { "funds": "none", "target": null, "amount": "0x1" } }), "no command"),
        ("/network", json!("base"), "the plan is for network base"),
        ("/planned_at", json!(1), "plan again"),
        ("/planned_at", json!(u64::MAX), "plan again"),
    ] {
        let mut edited = honest.clone();
        match edited.pointer_mut(at) {
            Some(place) => *place = value,
            None => edited["ask"]["loop"]["slippage_bps"] = value,
        }
        let code = if at == "/network" { 3 } else { 4 };
        is_refused(&trader, &edited, code, &[said]).await;
    }
}

#[tokio::test]
async fn thresholds_that_make_no_sense_or_take_protection_away_are_taken_from_no_file_and_no_command() {
    let trader = Trader::start().await;
    let words = "loop open --equity 5 --leverage 2 --trigger 1.16 --warn 1.19";
    let honest = written(&trader, words).await;
    for (name, value) in [
        ("trigger", "1.001"),
        ("trigger", "-1"),
        ("trigger", "2.3"),
        ("trigger", "NaN"),
        ("trigger", "inf"),
        ("warn", "1"),
        ("urgent", "1.2"),
        ("urgent", "1.01"),
        ("target", "1.1"),
        ("target", "1e400"),
    ] {
        let mut edited = honest.clone();
        edited["ask"]["loop"]["thresholds"][name] = json!(value);
        std::fs::write(trader.journals.path().join("plan.json"), edited.to_string()).expect("written");
        let ran = trader.program().run("send plan.json --broadcast").await;
        assert!(matches!(ran.code, Some(2 | 4)), "{name} {value}: {ran:#?}");
    }
    // All four together make sense, and take the protection away.
    let mut edited = honest.clone();
    edited["ask"]["loop"]["thresholds"] =
        json!({ "urgent": "1.0001", "trigger": "1.001", "warn": "1.002", "target": "1.003" });
    is_refused(&trader, &edited, 4, &["below the 1.18 in force", "loop adjust"]).await;
    for wrong in ["--trigger 1.001", "--trigger -1", "--trigger 2.3", "--trigger NaN"] {
        let ran = trader.program().run(&format!("loop open --equity 5 --leverage 2 {wrong} --broadcast")).await;
        ran.fails(2, &["trigger"]);
    }
    assert!(trader.replica.nonce(trader.account).await.is_zero());
    // What changes is shown.
    std::fs::write(trader.journals.path().join("plan.json"), honest.to_string()).expect("written");
    let sent = trader.program().run("send plan.json").await;
    sent.succeeds().shows(&["thresholds change", "trigger 1.15 → 1.16"]);
}

#[tokio::test]
async fn what_was_sent_is_not_sent_again_from_its_file() {
    let trader = Trader::start().await;
    written(&trader, "loop open --equity 5 --leverage 2").await;
    trader.program().run("send plan.json --broadcast").await.succeeds();
    trader.program().run("send plan.json").await.fails(4, &["sent or tried before", "plan again"]);
    written(&trader, "loop deposit --equity 0.01 --include-existing").await;
    trader.program().run("send plan.json --broadcast").await.succeeds();
    trader.program().run("send plan.json --broadcast").await.fails(4, &["sent or tried before"]);
}

#[tokio::test]
async fn thresholds_that_a_file_raises_call_for_no_trim_at_once_and_only_a_command_may_want_that() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 5 --leverage 2 --broadcast").await.succeeds();
    let health = to_decimal(trader.health_factor().await, 18).expect("a number");
    assert!(health > dec!(1.6) && health < dec!(1.7), "{health}");
    // The trigger needs the headroom that a loop opens with, and a trim goes no further than that above.
    let honest = written(&trader, "loop adjust --leverage 1.99 --trigger 1.3 --warn 1.4 --target 1.7").await;
    for (thresholds, said) in [
        (json!({ "trigger": "2.3", "warn": "2.3", "target": "2.4" }), "warn 2.3, above 1.66"),
        (json!({ "trigger": "1.65", "warn": "1.66", "target": "1.7" }), "trigger 1.65"),
        (json!({ "warn": "1.69", "target": "1.7" }), "warn 1.69"),
        (json!({ "target": "1.8" }), "target 1.8"),
        (json!({ "target": "900" }), "target 900"),
        (json!({ "urgent": "1.14" }), "wider bounds"),
    ] {
        let mut edited = honest.clone();
        edited["ask"]["loop"]["thresholds"] = thresholds;
        is_refused(&trader, &edited, 4, &[said, "loop adjust"]).await;
    }
    let mut edited = honest.clone();
    edited["ask"]["loop"]["thresholds"] = json!({ "target": "1001" });
    is_refused(&trader, &edited, 2, &["target 1001 must not be above 1000"]).await;
    // No file is written that would not be sent.
    let high = "--trigger 1.65 --warn 1.66 --target 1.7";
    let line = format!("loop adjust --leverage 1.99 {high}");
    trader.program().run(&format!("{line} --plan-out never.json")).await.fails(4, &["trigger 1.65", "loop adjust"]);
    let wide = "loop adjust --leverage 1.5 --slippage-bps 2000 --plan-out never.json";
    trader.program().run(wide).await.fails(4, &["slippage", "bounds.trim.slippage_bps"]);
    assert!(!trader.journals.path().join("never.json").exists());
    std::fs::write(trader.journals.path().join("plan.json"), honest.to_string()).expect("written");
    trader.program().run("send plan.json --broadcast").await.succeeds();
    assert_eq!(trader.loops()[0].thresholds.expect("its own").target, dec!(1.7));
    // Whoever asks for it himself is told and gets it.
    trader.program().run(&format!("loop adjust {high}")).await.succeeds().shows(&["trigger 1.65"]);
}

#[tokio::test]
async fn a_plan_file_of_an_action_that_sets_no_thresholds_sets_none() {
    let trader = Trader::start().await;
    trader.program().run("loop open --equity 5 --leverage 2 --broadcast").await.succeeds();
    let mut edited = written(&trader, "loop deposit --equity 0.1").await;
    edited["ask"]["loop"]["thresholds"] = json!({ "trigger": "1.16" });
    is_refused(&trader, &edited, 4, &["an action that sets none"]).await;
}
