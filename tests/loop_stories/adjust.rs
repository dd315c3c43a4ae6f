//! Up and down.

use rust_decimal::dec;
use trimtab::{
    config::{LoopClass, Urgency},
    loops::{Funds, PlanError, Request, Target},
};

use crate::{
    open::{as_predicted, is_close, leverage},
    trader::{CBETH, Trader, ether},
};

#[tokio::test]
async fn a_loop_is_levered_down_and_up_again_and_the_trim_has_the_wider_bounds() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(3)) }).await;
    let before = trader.health_factor().await;
    for (target, urgency) in [(dec!(2), Urgency::Trim), (dec!(2.75), Urgency::Open)] {
        let (plan, settlement) = trader.act(&pair, &Request::Adjust { target: Target::Leverage(target) }).await;
        assert_eq!((plan.steps.len(), plan.urgency), (1, urgency));
        assert!(is_close(leverage(&trader, &pair).await, target));
        as_predicted(&plan, &settlement);
        trader.assert_nothing_left(&pair).await;
    }
    let (plan, settlement) = trader.act(&pair, &Request::Adjust { target: Target::HealthFactor(dec!(2)) }).await;
    assert!(is_close(trader.health_factor().await, dec!(2)) && trader.health_factor().await > before);
    as_predicted(&plan, &settlement);
    let (plan, settlement) = trader.act(&pair, &Request::Adjust { target: Target::Ltv(dec!(0.5)) }).await;
    assert!(is_close(leverage(&trader, &pair).await, dec!(2)));
    as_predicted(&plan, &settlement);
    trader.assert_nothing_left(&pair).await;
    let again = trader.plan(&pair, &Request::Adjust { target: Target::Leverage(dec!(2)) }).await;
    assert!(matches!(again, Err(PlanError::AlreadyThere(_))), "{again:?}");
}

#[tokio::test]
async fn a_correlated_loop_is_levered_down_and_up_inside_its_e_mode() {
    let trader = Trader::start().await;
    trader.give(CBETH, ether(10)).await;
    let pair = trader.pair("cbETH", "WETH").await;
    let act = async |request: &Request| trader.act_with(&pair, request, &trader.settings(LoopClass::Correlated)).await;
    act(&Request::Open { funds: Funds::Collateral(ether(10)), target: Target::Leverage(dec!(5)) }).await;
    for target in [dec!(3), dec!(8)] {
        let (plan, settlement) = act(&Request::Adjust { target: Target::Leverage(target) }).await;
        assert_eq!(plan.steps.len(), 1);
        assert!(is_close(leverage(&trader, &pair).await, target));
        as_predicted(&plan, &settlement);
        trader.assert_nothing_left(&pair).await;
    }
}
