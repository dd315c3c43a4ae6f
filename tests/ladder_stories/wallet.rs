//! Repaying from the wallet, and what is left when the composer fails.

use alloy::primitives::U256;
use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::{
    config::{LoopClass, Urgency},
    loops::{Funds, PlanError, Request, Settings, Target, Via, audit},
    onedelta::COMPOSER,
    plan::SimulationError,
    send::ExecuteError,
};

use crate::{
    looped, raises_health,
    trader::{CBETH, Failed, POOL, Trader, USDC, ether, units},
    urgent,
};

#[tokio::test]
async fn dollars_in_the_wallet_repay_a_part_and_then_everything_in_one_transaction_each() {
    let (trader, pair) = looped().await;
    trader.give(USDC, units(70_000, 6)).await;
    let settings = || urgent(&trader, Urgency::Urgent);
    let before = (trader.debt(&pair).await, trader.health_factor().await);
    let part = Request::Repay { amount: units(5_000, 6), via: Via::Composer };
    let (plan, _) = trader.act_with(&pair, &part, &settings()).await;
    assert_eq!((plan.steps.len(), plan.kind.as_str()), (1, "loop repay"));
    raises_health(&plan);
    let repaid = before.0 - trader.debt(&pair).await;
    assert!(repaid.abs_diff(units(5_000, 6)) < units(1, 6), "{repaid}");
    assert!(trader.health_factor().await > before.1);
    trader.assert_nothing_left(&pair).await;

    let (debt, wallet) = (trader.debt(&pair).await, trader.balance(USDC, trader.account).await);
    let all = Request::Repay { amount: units(65_000, 6), via: Via::Composer };
    trader.act_with(&pair, &all, &settings()).await;
    assert_eq!(trader.debt(&pair).await, U256::ZERO);
    let paid = wallet - trader.balance(USDC, trader.account).await;
    assert!(paid.abs_diff(debt) < units(1, 6), "{paid} for {debt}");
    trader.assert_nothing_left(&pair).await;

    let none = trader.plan_with(&pair, &part, &settings()).await.expect_err("nothing owed");
    assert!(none.to_string().contains("owes no USDC"), "{none}");
}

#[tokio::test]
async fn what_the_wallet_does_not_have_is_said() {
    let (trader, pair) = looped().await;
    trader.give(USDC, units(10, 6)).await;
    let request = Request::Repay { amount: units(5_000, 6), via: Via::Composer };
    let refused = trader.plan_with(&pair, &request, &urgent(&trader, Urgency::Urgent)).await.expect_err("too little");
    assert!(matches!(refused, PlanError::EquityShort { .. }), "{refused}");
    let ether = Request::Repay { amount: units(5, 6), via: Via::Ether };
    let refused = trader.plan_with(&pair, &ether, &urgent(&trader, Urgency::Urgent)).await.expect_err("no ether debt");
    assert!(matches!(refused, PlanError::NotEther(_)), "{refused}");
}

#[tokio::test]
async fn a_debt_in_ether_is_repaid_with_the_ether_of_the_wallet() {
    let trader = Trader::start().await;
    trader.give(CBETH, ether(10)).await;
    let pair = trader.pair("cbETH", "WETH").await;
    let settings = || Settings { urgency: Some(Urgency::Trim), ..trader.settings(LoopClass::Correlated) };
    let open = Request::Open { funds: Funds::Collateral(ether(10)), target: Target::Leverage(dec!(5)) };
    trader.act_with(&pair, &open, &trader.settings(LoopClass::Correlated)).await;
    let before = (trader.debt(&pair).await, trader.health_factor().await);
    let part = Request::Repay { amount: ether(2), via: Via::Ether };
    let (plan, _) = trader.act_with(&pair, &part, &settings()).await;
    assert_eq!(plan.steps.len(), 1);
    raises_health(&plan);
    assert!((before.0 - trader.debt(&pair).await).abs_diff(ether(2)) < ether(1) / U256::from(100));
    assert!(trader.health_factor().await > before.1);
    trader.assert_nothing_left(&pair).await;
    let all = Request::Repay { amount: ether(1_000), via: Via::Ether };
    trader.act_with(&pair, &all, &settings()).await;
    assert_eq!(trader.debt(&pair).await, U256::ZERO);
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn when_the_composer_reverts_nothing_is_sent_through_it_and_the_pool_is_repaid_directly() {
    let (trader, pair) = looped().await;
    trader.give(USDC, units(5_000, 6)).await;
    // PUSH0 PUSH0 REVERT
    let _: Value = trader.replica.request("anvil_setCode", json!([COMPOSER, "0x5f5ffd"])).await.expect("anvil");
    let nonce = trader.replica.nonce(trader.account).await;
    for request in [
        Request::Adjust { target: Target::HealthFactor(dec!(1.4)) },
        Request::Repay { amount: units(5_000, 6), via: Via::Composer },
    ] {
        let plan = trader.plan_with(&pair, &request, &urgent(&trader, Urgency::Urgent)).await.expect("plan");
        let failed = trader.execute(plan).await;
        assert!(
            matches!(failed, Err(Failed::Execute(ExecuteError::Simulation(SimulationError::Reverts { .. })))),
            "{failed:?}"
        );
    }
    assert_eq!(trader.replica.nonce(trader.account).await, nonce, "nothing was sent");

    let before = (trader.debt(&pair).await, trader.health_factor().await);
    let direct = Request::Repay { amount: units(5_000, 6), via: Via::Pool };
    let (plan, _) = trader.act_with(&pair, &direct, &urgent(&trader, Urgency::Urgent)).await;
    assert_eq!((plan.steps.len(), plan.steps[1].to), (2, POOL));
    audit(&plan, &trimtab::dex::Exchanges::default()).expect("what a loop action may do");
    raises_health(&plan);
    let repaid = before.0 - trader.debt(&pair).await;
    assert!(repaid.abs_diff(units(5_000, 6)) < units(1, 6), "{repaid}");
    assert!(trader.health_factor().await > before.1);
}
