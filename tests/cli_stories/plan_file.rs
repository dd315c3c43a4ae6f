//! A plan written now and sent later.

use alloy::primitives::U256;
use serde_json::Value;
use trimtab::{
    localchain::{FeedAge, PriceChange, PriceScope},
    units::Secs,
};

use crate::{
    common::Replica,
    trader::{Program, Trader, USDC},
};

async fn planned(trader: &Trader, line: &str) -> std::path::PathBuf {
    let path = trader.journals.path().join("plan.json");
    let ran = trader.program().args(["--journal-dir", "elsewhere"]).run(&format!("{line} --plan-out plan.json")).await;
    ran.succeeds();
    path
}

async fn set_price(trader: &Trader, dollars: &str, scope: PriceScope) {
    let change = PriceChange::parse("ETH", dollars).expect("price");
    trader.replica.controls.price(&change, scope).await.expect("moved");
}

#[tokio::test]
async fn a_plan_is_written_looked_at_again_and_sent_as_it_was_shown() {
    let trader = Trader::start().await;
    planned(&trader, "loop open --equity 5 --leverage 2").await;
    trader.program().run("send plan.json").await.succeeds().shows(&["dry run: nothing was sent"]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
    trader.program().run("send plan.json --broadcast").await.succeeds().shows(&["nothing left behind"]);
    // Once more it would not be what was shown.
    trader.program().run("send plan.json --broadcast").await.fails(4, &["plan again"]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE);
}

#[tokio::test]
async fn a_plan_is_refused_after_the_price_moved_but_not_for_a_small_gift_or_some_gas() {
    for scope in [PriceScope::Everything, PriceScope::PoolsOnly, PriceScope::FeedOnly] {
        let trader = Trader::start().await;
        planned(&trader, "loop open --equity 5 --leverage 2").await;
        set_price(&trader, "3090", scope).await;
        let ran = trader.program().run("send plan.json --broadcast").await;
        assert!(matches!(ran.code, Some(4 | 5)), "{scope:?}: {ran:#?}");
        assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO, "{scope:?}");
    }
    let trader = Trader::start().await;
    planned(&trader, "loop open --equity 5 --leverage 2").await;
    trader.give(USDC, U256::from(12_345_678)).await;
    let to_self = trader.account;
    trader.replica.send_data(trader.account, to_self, Default::default(), U256::ZERO).await;
    trader.program().run("send plan.json --broadcast").await.succeeds();
}

/// Every number in what a file asks.
fn numbers(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.values().for_each(|field| numbers(field, found)),
        Value::Array(items) => items.iter().for_each(|item| numbers(item, found)),
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        _ => {}
    }
}

#[tokio::test]
async fn a_file_asks_for_amounts_in_decimal_and_one_in_hex_is_still_read() {
    let trader = Trader::start().await;
    for (line, amount) in [
        ("loop open --equity 5 --leverage 2", "5000000000000000000"),
        ("loop deposit --equity 0.5", "500000000000000000"),
    ] {
        let path = planned(&trader, line).await;
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("written")).expect("json");
        let mut found = Vec::new();
        numbers(&file["ask"], &mut found);
        assert!(found.iter().any(|number| number == amount), "{line}: {found:?}");
        // Addresses have 20 bytes.
        let bare = |text: &&String| text.starts_with("0x") && text.len() != 42;
        assert_eq!(found.iter().find(bare), None, "{line}: {found:?}");
    }
    let path = planned(&trader, "loop open --equity 5 --leverage 2").await;
    let text = std::fs::read_to_string(&path).expect("written");
    let mut file: Value = serde_json::from_str(&text).expect("json");
    let funds = &mut file["ask"]["loop"]["request"]["open"]["funds"]["native"];
    assert_eq!(*funds, "5000000000000000000");
    *funds = "0x4563918244f40000".into();
    std::fs::write(&path, file.to_string()).expect("written");
    trader.program().run("send plan.json --broadcast").await.succeeds().shows(&["nothing left behind"]);
}

#[tokio::test]
async fn a_plan_is_refused_after_its_time() {
    let trader = Trader::start().await;
    planned(&trader, "loop open --equity 5 --leverage 2").await;
    trader.replica.controls.warp(Secs(3_605), FeedAge::Refreshed).await.expect("warp");
    trader.program().run("send plan.json --broadcast").await.fails(4, &["valid until", "plan again"]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
}

#[tokio::test]
async fn a_plan_is_for_one_network_and_one_wallet() {
    let trader = Trader::start().await;
    let path = planned(&trader, "loop open --equity 5 --leverage 2").await;
    let path = path.to_str().expect("utf-8");
    let other = Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url()]).wallet(2);
    other.run(&format!("send {path} --broadcast")).await.fails(3, &["the plan is for", "the wallet is"]);
    let elsewhere = Replica::start().await;
    let program = Program::new(trader.journals.path()).args(["--rpc-url", elsewhere.url()]).wallet(1);
    program.run(&format!("send {path} --broadcast")).await.fails(3, &["the plan is for network replica-"]);
    assert_eq!(elsewhere.nonce(trader.account).await, U256::ZERO);
}

#[tokio::test]
async fn a_file_that_is_no_plan_of_ours_is_refused_in_words() {
    let trader = Trader::start().await;
    let path = planned(&trader, "loop open --equity 5 --leverage 2").await;
    let text = std::fs::read_to_string(&path).expect("plan");
    let changed = |change: fn(&mut Value)| {
        let mut plan: Value = serde_json::from_str(&text).expect("json");
        change(&mut plan);
        plan.to_string()
    };
    let cases = [
        (String::new(), "not a plan"),
        ("{}".to_owned(), "missing field"),
        (text[..text.len() / 2].to_owned(), "not a plan"),
        (changed(|plan| plan["schema"] = 99.into()), "schema 99"),
        (changed(|plan| plan["surprise"] = true.into()), "unknown field `surprise`"),
        (changed(|plan| plan["ask"]["loop"]["collateral"] = "lots".into()), "not a plan"),
    ];
    for (content, said) in cases {
        std::fs::write(&path, content).expect("written");
        trader.program().run("send plan.json --broadcast").await.fails(2, &["plan.json", said]);
    }
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
}

#[tokio::test]
async fn call_data_in_a_plan_file_is_no_part_of_it() {
    let trader = Trader::start().await;
    let path = planned(&trader, "loop open --equity 5 --leverage 2").await;
    let text = std::fs::read_to_string(&path).expect("plan");
    let thief = crate::common::account(8).to_string();
    for field in ["steps", "bounds", "figures", "subject"] {
        let mut changed: Value = serde_json::from_str(&text).expect("json");
        changed[field] = serde_json::json!([{ "purpose": "", "to": thief, "value": "0x1", "data": {} }]);
        std::fs::write(&path, changed.to_string()).expect("written");
        trader.program().run("send plan.json --broadcast").await.fails(2, &[&format!("unknown field `{field}`")]);
    }
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
}
