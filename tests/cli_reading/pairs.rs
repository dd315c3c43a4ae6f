//! `loop pairs`.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256};
use rust_decimal::{Decimal, dec};
use serde_json::Value;

use crate::{
    common::Replica,
    listed::allowed,
    proxy::{Proxy, Verdict},
    trader::{CBBTC, CBETH, Configurator, Trader, USDC, WETH},
};

fn names(document: &Value, works: bool) -> BTreeSet<String> {
    let pairs = document["pairs"].as_array().expect("pairs").iter().filter(|pair| pair["works"] == works);
    pairs
        .map(|pair| {
            format!("{}/{}", pair["collateral"].as_str().expect("a symbol"), pair["debt"].as_str().expect("a symbol"))
        })
        .collect()
}

fn pair<'a>(document: &'a Value, name: &str) -> &'a Value {
    let (collateral, debt) = name.split_once('/').expect("two symbols");
    let pairs = document["pairs"].as_array().expect("pairs");
    pairs.iter().find(|pair| pair["collateral"] == collateral && pair["debt"] == debt).expect("listed")
}

/// Kind and sentence of why a pair does not work.
fn reason(document: &Value, name: &str) -> (String, String) {
    let found = pair(document, name);
    assert_eq!((&found["works"], &found["opening"]), (&Value::Bool(false), &Value::Null), "{name}");
    let text = |field: &str| found["reason"][field].as_str().unwrap_or_default().to_owned();
    (text("kind"), text("message"))
}

fn value(quantity: &Value) -> Decimal {
    quantity["value"].as_str().expect("a number").parse().expect("a number")
}

async fn listed(trader: &Trader, flags: &str) -> Value {
    trader.program().run(&format!("loop pairs --json {flags}")).await.succeeds().json()
}

#[tokio::test]
async fn what_works_now_is_listed_with_its_costs_and_each_of_the_others_with_its_true_reason() {
    let trader = Trader::start().await;
    let all = listed(&trader, "--all").await;
    assert_eq!(names(&all, true), allowed());
    assert_eq!(names(&all, true).len() + names(&all, false).len(), 15 * 14);
    assert_eq!((&all["working"], &all["impossible"]), (&44.into(), &166.into()));

    // cbETH/WETH: e-mode 9 at an LTV of 93 %; the pool takes 0.05 %.
    let staked = pair(&all, "cbETH/WETH");
    assert_eq!((&staked["terms"]["e_mode"]["id"], value(&staked["terms"]["max_ltv"])), (&9.into(), dec!(93)));
    assert!((value(&staked["terms"]["max_leverage"]) - dec!(14.2857)).abs() < dec!(0.001), "{staked}");
    assert!(value(&staked["terms"]["opens_to"]) < dec!(14), "the opening floor is below: {staked}");
    assert_eq!(
        (value(&staked["opening"]["fee"]).round_dp(3), value(&staked["opening"]["leverage"])),
        (dec!(0.05), dec!(2))
    );
    // Through ether: 0.05 % and 0.05 %.
    let through = pair(&all, "wrsETH/USDC");
    assert_eq!(through["opening"]["route"].as_array().expect("pools").len(), 2);
    assert!((value(&through["opening"]["fee"]) - dec!(0.1)).abs() < dec!(0.001), "{through}");
    // Nothing is supplied to AAVE's reserve's interest, and dollars cost something.
    assert!(value(&pair(&all, "AAVE/USDC")["opening"]["net_apr"]) < Decimal::ZERO);
    // In the e-mode of others, which leaves the collateral its own values.
    let short = pair(&all, "USDC/wstETH");
    assert_eq!((&short["terms"]["e_mode"]["id"], value(&short["terms"]["max_ltv"])), (&2.into(), dec!(75)));

    for (name, kind, words) in [
        ("ezETH/WETH", "frozen", "ezETH is frozen"),
        ("WETH/tBTC", "frozen", "tBTC is frozen"),
        ("GHO/USDC", "ltv-zero", "GHO backs no borrow"),
        ("WETH/cbETH", "not-borrowable", "cbETH cannot be borrowed"),
        ("LBTC/WETH", "e-mode-forbids", "in e-mode 4 (LBTC_cbBTC) and in e-mode 14"),
        ("EURC/WETH", "e-mode-forbids", "in e-mode 13"),
    ] {
        let (found, message) = reason(&all, name);
        assert_eq!(found, kind, "{name}: {message}");
        assert!(message.contains(words), "{name}: {message}");
    }
    // Without --all only what works is listed.
    let few = listed(&trader, "").await;
    assert_eq!((names(&few, true), names(&few, false).len()), (allowed(), 0));
    let shown = trader.program().run("loop pairs").await;
    shown.succeeds().shows(&["44 of 210 pairs work", "cbETH/WETH", "166 do not; --all says why"]);
    assert!(shown.stdout.lines().all(|line| line.chars().count() <= 110), "{}", shown.stdout);
}

#[tokio::test]
async fn what_governance_does_and_what_the_size_asks_is_the_reason_that_is_told() {
    let trader = Trader::start().await;
    trader.govern(&Configurator::setReservePauseCall { asset: CBBTC, on: true }).await;
    trader.govern(&Configurator::setReserveFreezeCall { asset: CBETH, on: true }).await;
    trader.govern(&Configurator::setBorrowCapCall { asset: WETH, cap: U256::from(38_001) }).await;
    let weeth: Address = "0x04C0599Ae5A44757c0af6F9eC3b93da8976c150A".parse().expect("address");
    trader.govern(&Configurator::setSupplyCapCall { asset: weeth, cap: U256::from(8_001) }).await;
    let all = listed(&trader, "--all --equity 100000").await;
    for (name, kind, words) in [
        ("cbBTC/USDC", "paused", "cbBTC is paused"),
        ("WETH/cbBTC", "paused", "cbBTC is paused"),
        // It cannot be borrowed either; nothing can be done with it comes first.
        ("cbETH/WETH", "frozen", "cbETH is frozen"),
        ("wstETH/WETH", "borrow-cap", "borrow cap of 38001 WETH exceeded"),
        ("weETH/USDC", "supply-cap", "supply cap of 8001 weETH exceeded"),
    ] {
        let (found, message) = reason(&all, name);
        assert_eq!(found, kind, "{name}: {message}");
        assert!(message.contains(words), "{name}: {message}");
    }
    assert_eq!(pair(&all, "WETH/USDC")["works"], true);
    // More than a swap may cost, more than the pools have, more than anybody lends.
    for (equity, name, kind, words) in [
        ("200000", "AAVE/USDC", "bound", "swap cost against the oracle"),
        ("20000000", "EURC/USDC", "no-route", "liquidity in reach is too small"),
        ("20000000", "WETH/EURC", "no-liquidity", "EURC to give"),
    ] {
        let large = listed(&trader, &format!("--all --equity {equity}")).await;
        let (found, message) = reason(&large, name);
        assert_eq!(found, kind, "{name}: {message}");
        assert!(message.contains(words), "{name}: {message}");
    }
    let ran = trader.program().run("loop pairs --equity 0").await;
    ran.fails(2, &["--equity must be above 0"]);
}

/// What is listed as working is what `loop open` plans, and what is not it refuses.
#[tokio::test]
async fn the_list_holds_on_a_fork_and_takes_few_questions() {
    let mainnet = Replica::start().await;
    let trader = Trader::on(Replica::fork_of(mainnet.url()).await).await;
    let proxy = Proxy::before(trader.replica.url(), |_, _| Verdict::Pass);
    let ran = crate::trader::Program::new(trader.journals.path())
        .args(["--rpc-url", &proxy.url()])
        .run("loop pairs --json")
        .await;
    assert_eq!(names(&ran.succeeds().json(), true), allowed());
    assert!(proxy.count("eth_call") <= 8, "{} questions", proxy.count("eth_call"));
    trader.give(USDC, U256::from(10_000_000_000u64)).await;
    let open = |debt: &str| format!("loop open --collateral USDC --debt {debt} --equity 10000 --leverage 2");
    trader.program().run(&open("wstETH")).await.succeeds().shows(&["e-mode 2"]);
    trader.program().run(&open("cbETH")).await.fails(4, &["cbETH cannot be borrowed"]);
}
