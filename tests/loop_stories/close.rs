//! Closing.

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::{
    config::LoopClass,
    localchain::{PriceChange, PriceScope},
    loops::{Funds, Pair, Payout, Request, Scope, Settings, Share, Target},
    onedelta::{CALL_FORWARDER, COMPOSER},
    plan::check,
};

use crate::{
    common::account,
    open::{as_predicted, leverage},
    trader::{CBBTC, CBETH, Erc20, Trader, USDC, WETH, ether, units},
};

const TO_DEBT: Request = Request::Close { share: Share::All, payout: Payout::Debt };
const TO_ETHER: Request = Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: Some(WETH) } };
const TO_COLLATERAL: Request = Request::Close { share: Share::All, payout: Payout::Collateral { unwrap: None } };

async fn opened(target: rust_decimal::Decimal) -> (Trader, Pair) {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(target) }).await;
    (trader, pair)
}

async fn assert_closed(trader: &Trader, pair: &Pair) {
    assert_eq!((trader.collateral(pair).await, trader.debt(pair).await), (U256::ZERO, U256::ZERO));
    trader.assert_nothing_left(pair).await;
}

#[tokio::test]
async fn a_loop_is_closed_into_ether_wrapped_ether_or_dollars_and_nothing_stays() {
    for request in [TO_ETHER, TO_COLLATERAL, TO_DEBT] {
        let (trader, pair) = opened(dec!(3)).await;
        let ether_before = trader.replica.balance(trader.account).await;
        let (plan, settlement) = trader.act(&pair, &request).await;
        as_predicted(&plan, &settlement);
        assert_closed(&trader, &pair).await;
        let got = match request {
            TO_DEBT => trader.balance(USDC, trader.account).await,
            TO_COLLATERAL => trader.balance(WETH, trader.account).await,
            _ => trader.replica.balance(trader.account).await - ether_before,
        };
        let least = if request == TO_DEBT { units(29_600, 6) } else { units(985, 16) };
        assert!(got > least, "{request:?} paid {got}");
    }
}

#[tokio::test]
async fn a_share_of_a_loop_is_closed_and_the_rest_stands_as_it_stood() {
    for (payout, wallet) in [(Payout::Debt, USDC), (Payout::Collateral { unwrap: None }, WETH)] {
        let (trader, pair) = opened(dec!(2.5)).await;
        let before = (leverage(&trader, &pair).await, trader.collateral(&pair).await, trader.health_factor().await);
        let request = Request::Close { share: Share::Part(dec!(0.25)), payout };
        let (plan, settlement) = trader.act(&pair, &request).await;
        as_predicted(&plan, &settlement);
        let (after, left) = (leverage(&trader, &pair).await, trader.collateral(&pair).await);
        assert!(after.abs_diff(before.0) * U256::from(10_000) <= before.0, "{} to {after}", before.0);
        assert!(left.abs_diff(before.1 * U256::from(3) / U256::from(4)) < units(1, 12), "{} to {left}", before.1);
        assert!(plan.figure("health_factor").is_some_and(|hf| hf.after.raw >= hf.before.raw));
        assert!(trader.balance(wallet, trader.account).await > U256::ZERO);
        trader.assert_nothing_left(&pair).await;
        trader.act(&pair, &TO_ETHER).await;
        assert_closed(&trader, &pair).await;
    }
}

#[tokio::test]
async fn loops_in_an_e_mode_close_as_well() {
    for (collateral, debt, token, amount, class) in [
        ("cbETH", "WETH", CBETH, ether(10), LoopClass::Correlated),
        ("cbBTC", "USDC", CBBTC, units(1, 8), LoopClass::Volatile),
    ] {
        for request in [TO_DEBT, TO_COLLATERAL] {
            let trader = Trader::start().await;
            trader.give(token, amount).await;
            let pair = trader.pair(collateral, debt).await;
            let open = Request::Open { funds: Funds::Collateral(amount), target: Target::Leverage(dec!(2)) };
            trader.act_with(&pair, &open, &trader.settings(class)).await;
            let (plan, settlement) = trader.act_with(&pair, &request, &trader.settings(class)).await;
            as_predicted(&plan, &settlement);
            assert_closed(&trader, &pair).await;
        }
    }
}

/// The one thing that must never fail for want of a wei: a close that waits up to an hour in a market that others push
/// to the kink of its curve.
#[tokio::test]
async fn a_close_mined_any_time_within_the_hour_leaves_nothing_whatever_the_rates_do() {
    let long = std::env::var_os("TRIMTAB_LONG").is_some();
    let waits: &[u64] = if long { &[1, 2, 3, 12, 59, 600, 1_800, 3_000, 3_599, 3_600] } else { &[1, 3_600] };
    for (round, wait) in waits.iter().enumerate() {
        for request in [TO_DEBT, TO_ETHER] {
            let (trader, pair) = opened(dec!(3)).await;
            assert_eq!(trader.left_behind(&pair).await, Vec::new(), "no dust that could hide a missing wei");
            let plan = trader.plan(&pair, &request).await.expect("plan");
            let planned_at = plan.block.timestamp;
            if round % 2 == 1 {
                // 230 of 250 million: the kink of USDC's curve, and beyond what the snapshot knew.
                trader.somebody_borrows(5, ether(60_000), 50_000_000).await;
            }
            if *wait > 4 {
                trader.replica.next_block_at(planned_at.0 + wait - 2).await;
                let _: serde_json::Value = trader.replica.request("evm_mine", ()).await.expect("mined");
            }
            trader.replica.next_block_at(planned_at.0 + wait).await;
            let report =
                trader.execute(plan).await.unwrap_or_else(|failed| panic!("{wait} s, {request:?}: {failed:?}"));
            let settlement = report.settlement.unwrap_or_else(|| panic!("{wait} s, {request:?}: {:?}", report.outcome));
            let mined = trader.replica.controls.head().await.expect("head");
            assert_eq!((mined.timestamp.0, mined.number), (planned_at.0 + wait, settlement.block));
            assert_closed(&trader, &pair).await;
        }
    }
}

#[tokio::test]
async fn tokens_that_somebody_left_in_the_contracts_do_no_harm_and_come_along() {
    for request in [TO_DEBT, TO_ETHER] {
        let trader = Trader::start().await;
        let pair = trader.pair("WETH", "USDC").await;
        let donate = async || {
            let donor = account(7);
            let tokens = [(WETH, ether(2)), (USDC, units(20, 6))];
            trader.replica.controls.fund(donor, U256::ZERO, &tokens).await.expect("funds");
            for (token, value) in [(WETH, units(3, 15)), (USDC, units(7, 6))] {
                for to in [COMPOSER, CALL_FORWARDER] {
                    trader.replica.send(donor, token, &Erc20::transferCall { to, value }).await;
                }
            }
        };
        donate().await;
        let open = Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(2)) };
        let (_, settlement) = trader.act(&pair, &open).await;
        assert!(settlement.figures.iter().all(|figure| figure.within), "{settlement:#?}");
        donate().await;
        trader.act(&pair, &Request::Adjust { target: Target::Leverage(dec!(1.5)) }).await;
        donate().await;
        let (_, settlement) = trader.act(&pair, &request).await;
        assert!(settlement.figures.iter().all(|figure| figure.within), "{settlement:#?}");
        assert_eq!((trader.collateral(&pair).await, trader.debt(&pair).await), (U256::ZERO, U256::ZERO));
    }
}

/// The program's settings for one loop among others.
fn own(trader: &Trader) -> Settings {
    Settings { scope: Scope::Loop, ..trader.settings(LoopClass::Volatile) }
}

#[tokio::test]
async fn the_safer_of_two_loops_is_closed_though_the_account_stands_lower_without_it() {
    let trader = Trader::start().await;
    let ether_pair = trader.pair("WETH", "USDC").await;
    let bitcoin_pair = trader.pair("cbBTC", "USDC").await;
    trader.give(CBBTC, units(20, 6)).await;
    let open = |funds, leverage| Request::Open { funds, target: Target::Leverage(leverage) };
    trader.act_with(&bitcoin_pair, &open(Funds::Collateral(units(20, 6)), dec!(1.4)), &own(&trader)).await;
    trader.act_with(&ether_pair, &open(Funds::Native(ether(4)), dec!(2.5)), &own(&trader)).await;
    let before = trader.health_factor().await;
    for request in [TO_DEBT, TO_COLLATERAL] {
        let plan = trader.plan_with(&bitcoin_pair, &request, &own(&trader)).await.expect("a plan");
        let head = trimtab::chain::Reader::head(&trader.endpoints).await.expect("head");
        check(plan, trader.identity.id().as_str(), head.timestamp).expect("nothing refuses it");
    }
    trader.act_with(&bitcoin_pair, &TO_COLLATERAL, &own(&trader)).await;
    let after = trader.health_factor().await;
    assert!(after < before && trader.collateral(&bitcoin_pair).await.is_zero(), "{before} to {after}");

    // What would be left below the opening floor is said, with what to do first.
    let trader = Trader::start().await;
    trader.give(CBBTC, units(20, 6)).await;
    trader.act_with(&ether_pair, &open(Funds::Native(ether(4)), dec!(2.9)), &own(&trader)).await;
    trader.act_with(&bitcoin_pair, &open(Funds::Collateral(units(20, 6)), dec!(1.4)), &own(&trader)).await;
    let change = PriceChange::parse("ETH", "2850").expect("price");
    trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    let plan = trader.plan_with(&bitcoin_pair, &TO_COLLATERAL, &own(&trader)).await.expect("a plan");
    let head = trimtab::chain::Reader::head(&trader.endpoints).await.expect("head");
    let refused = check(plan, trader.identity.id().as_str(), head.timestamp).expect_err("too low").to_string();
    assert!(refused.contains("close or bring down that first"), "{refused}");
    trader.act_with(&ether_pair, &TO_COLLATERAL, &own(&trader)).await;
    trader.act_with(&bitcoin_pair, &TO_COLLATERAL, &own(&trader)).await;
    assert_closed(&trader, &bitcoin_pair).await;
}
