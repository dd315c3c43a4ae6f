//! A plan file in a stranger's hands: it is an order, and nothing in it is believed.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::{
    chain::Reader,
    config::{BoundsConfig, FeesConfig, ThresholdsConfig},
    loops::{Funds, LoopSnapshot, Pair, Payout, Request, Share, Target, ThresholdChange},
    onedelta::COMPOSER,
    perps::{PercentE10, avantis_v1::AvantisV1},
    trade::{Ask, LoopAsk, Order, Planner, Which},
    units::{Bps, Secs},
};

use crate::{
    mutate::{Harmless, STRANGER, audit_loop, judge},
    trader::{Erc20, POOL, Pool, Trader, USDC, WETH, ether, milli_ether, units},
};

/// Writes a plan file and gives what is in it.
async fn written(trader: &Trader, words: &str) -> Value {
    trader
        .program()
        .args(["--journal-dir", "elsewhere"])
        .run(&format!("{words} --plan-out plan.json"))
        .await
        .succeeds();
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

fn ask(request: Request) -> LoopAsk {
    LoopAsk {
        collateral: WETH,
        debt: USDC,
        existing: true,
        request,
        slippage_bps: Some(Bps(40)),
        flash: None,
        thresholds: ThresholdChange::default(),
    }
}

#[tokio::test]
async fn every_leaf_of_every_kind_of_loop_plan_may_be_changed_and_nothing_harmful_is_accepted() {
    let trader = Trader::start().await;
    let target = |leverage| Target::Leverage(leverage);
    let open = Request::Open { funds: Funds::Native(ether(2)), target: target(dec!(2)) };
    let with_thresholds = LoopAsk {
        thresholds: ThresholdChange { trigger: Some(dec!(1.16)), ..ThresholdChange::default() },
        ..ask(open.clone())
    };
    let mut table: BTreeMap<Harmless, usize> = BTreeMap::new();
    let mut add = |more: BTreeMap<Harmless, usize>| {
        more.into_iter().for_each(|(why, count)| *table.entry(why).or_default() += count);
    };
    add(all_mutations(&trader, Ask::Loop(with_thresholds)).await);
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &open).await;
    let out = |unwrap| Payout::Collateral { unwrap };
    for request in [
        Request::Adjust { target: target(dec!(2.5)) },
        Request::Adjust { target: Target::HealthFactor(dec!(2)) },
        Request::Deposit { funds: Funds::Native(milli_ether(300)), keep_leverage: true },
        Request::Withdraw { collateral: milli_ether(200), debt: U256::ZERO, unwrap: Some(WETH), keep_leverage: false },
        Request::Trim { target: target(dec!(1.5)), at_most: None },
        Request::Close { share: Share::All, payout: out(Some(WETH)) },
        Request::Close { share: Share::Part(dec!(0.5)), payout: Payout::Debt },
    ] {
        add(all_mutations(&trader, Ask::Loop(ask(request))).await);
    }
    let supplied = units(500, 6);
    trader.give(USDC, supplied).await;
    trader.replica.send(trader.account, USDC, &Erc20::approveCall { spender: POOL, value: supplied }).await;
    let supply = Pool::supplyCall { asset: USDC, amount: supplied, onBehalfOf: trader.account, referral: 0 };
    trader.replica.send(trader.account, POOL, &supply).await;
    let one_supply = |enabled| LoopAsk { collateral: USDC, ..ask(Request::UseAsCollateral { enabled }) };
    add(all_mutations(&trader, Ask::Loop(one_supply(false))).await);
    let disable = Pool::setUserUseReserveAsCollateralCall { asset: USDC, useAsCollateral: false };
    trader.replica.send(trader.account, POOL, &disable).await;
    add(all_mutations(&trader, Ask::Loop(one_supply(true))).await);
    let endless = Erc20::approveCall { spender: COMPOSER, value: U256::MAX };
    trader.replica.send(trader.account, USDC, &endless).await;
    add(all_mutations(&trader, Ask::Revoke(Which::Of(vec!["USDC".to_owned()]))).await);
    println!("mutations of plans of loops and approvals: {table:?}");
    let count = |why| table.get(&why).copied().unwrap_or_default();
    assert!(count(Harmless::Refused) > count(Harmless::SamePlan) + count(Harmless::AsksOtherwise), "{table:?}");
    // Nothing of this is proven by refusing everything.
    assert!(count(Harmless::SamePlan) > 0 && count(Harmless::SafeThresholds) > 0, "{table:?}");
}

async fn all_mutations(trader: &Trader, ask: Ask) -> BTreeMap<Harmless, usize> {
    let network = trader.identity.id();
    let planner: Planner<'_, AvantisV1> = Planner {
        endpoints: &trader.endpoints,
        reserves: &trader.list,
        venue: None,
        network: network.as_str(),
        account: trader.account,
        bounds: BoundsConfig::default(),
        fees: FeesConfig::default(),
        thresholds: ThresholdsConfig::default(),
        loops: trader.loops(),
        permit_ttl: Secs::HOUR,
        perp_ttl: Secs(120),
        perp_slippage: PercentE10::ZERO,
        gas_price: U256::from(60_000_000u64),
    };
    let id = trader.settings(trimtab::config::LoopClass::Volatile).id;
    let plan = match &ask {
        Ask::Loop(asked) => {
            let market = planner.market().await.expect("market");
            let pair = Pair::of(&trader.list, &market, asked.collateral, asked.debt).expect("reserves");
            planner.of_loop(asked, &market, &pair, id).await.expect("a plan").0
        }
        Ask::Revoke(which) => {
            let (block, approvals) = planner.approvals().await.expect("approvals");
            planner.of_revocation(which, block, &approvals, id)
        }
        Ask::Perp(_) => panic!("no loop"),
    };
    assert_eq!(plan.block.number, Reader::head(&trader.endpoints).await.expect("head").number);
    assert!(!LoopSnapshot::hubs(&trader.list).is_empty());
    assert_ne!(trader.account, Address::ZERO);
    let order = Order::of(&plan, ask).expect("an order");
    let table = judge(&planner, &order, audit_loop).await;
    println!("{}: {table:?}", plan.kind);
    table
}
