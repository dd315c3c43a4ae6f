//! Any loop, at any price that the pools are deep at.

use alloy::primitives::U256;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRunner},
};
use rust_decimal::Decimal;
use trimtab::{
    localchain::{PriceChange, PriceScope},
    loops::{Funds, Payout, Request, Share, Target},
    units::from_decimal,
};

use crate::{
    open::{as_predicted, is_close, leverage},
    trader::{Trader, USDC, WETH, ether, units},
};

#[derive(Debug, Clone)]
struct Case {
    price: u64,
    milliether: u64,
    dollars: bool,
    open: u64,
    adjust: u64,
    drop: u64,
    share: u64,
    to_debt: bool,
}

fn cases() -> impl Strategy<Value = Case> {
    let numbers = (2_450u64..3_750, 20u64..30_000, 1_050u64..3_050, 1_100u64..3_000, 0u64..4, 1u64..999);
    (numbers, proptest::bool::ANY, proptest::bool::ANY).prop_map(
        |((price, milliether, open, adjust, drop, share), dollars, to_debt)| Case {
            price,
            milliether,
            dollars,
            open,
            adjust,
            drop,
            share,
            to_debt,
        },
    )
}

#[tokio::test]
async fn whatever_is_asked_for_is_met_leaves_nothing_and_never_lowers_health_by_lowering_debt() {
    let count = if std::env::var_os("TRIMTAB_LONG").is_some() { 60 } else { 4 };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    for _ in 0..count {
        let case = cases().new_tree(&mut runner).expect("a case").current();
        eprintln!("{case:?}");
        live(&case).await;
    }
}

async fn set_price(trader: &Trader, dollars: u64) {
    let change = PriceChange::parse("ETH", &dollars.to_string()).expect("price");
    trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
}

/// One loop from its opening to its end.
async fn live(case: &Case) {
    let trader = Trader::start().await;
    set_price(&trader, case.price).await;
    let pair = trader.pair("WETH", "USDC").await;
    let equity = ether(case.milliether) / U256::from(1_000);
    let funds = if case.dollars {
        let dollars = units(case.milliether * case.price, 3);
        trader.give(USDC, dollars).await;
        Funds::Debt(dollars)
    } else {
        Funds::Native(equity)
    };
    let target = Decimal::new(i64::try_from(case.open).expect("small"), 3);
    let (plan, settlement) = trader.act(&pair, &Request::Open { funds, target: Target::Leverage(target) }).await;
    as_predicted(&plan, &settlement);
    assert!(is_close(leverage(&trader, &pair).await, target), "{case:?}");
    let floor = from_decimal(trader.settings(trimtab::config::LoopClass::Volatile).thresholds.opening_floor(), 18);
    assert!(trader.health_factor().await >= floor.expect("floor") - U256::from(1_000_000_000u64), "{case:?}");
    trader.assert_nothing_left(&pair).await;

    set_price(&trader, case.price * (100 - case.drop) / 100).await;
    let present = leverage(&trader, &pair).await;
    let target = Decimal::new(i64::try_from(case.adjust).expect("small"), 3);
    let before = trader.health_factor().await;
    let lowers = from_decimal(target, 18).expect("target") < present;
    let (plan, settlement) = trader.act(&pair, &Request::Adjust { target: Target::Leverage(target) }).await;
    as_predicted(&plan, &settlement);
    assert!(is_close(leverage(&trader, &pair).await, target), "{case:?}");
    assert!(!lowers || trader.health_factor().await >= before, "{case:?}");
    trader.assert_nothing_left(&pair).await;

    let payout = if case.to_debt { Payout::Debt } else { Payout::Collateral { unwrap: Some(WETH) } };
    let part = Share::Part(Decimal::new(i64::try_from(case.share).expect("small"), 3));
    for share in [part, Share::All] {
        let (plan, settlement) = trader.act(&pair, &Request::Close { share, payout }).await;
        as_predicted(&plan, &settlement);
        assert!(plan.figure("health_factor").is_some_and(|hf| hf.after.raw >= hf.before.raw), "{case:?}");
        trader.assert_nothing_left(&pair).await;
    }
    assert_eq!((trader.collateral(&pair).await, trader.debt(&pair).await), (U256::ZERO, U256::ZERO), "{case:?}");
}
