//! Every leaf of every kind of plan file of loops and approvals, changed.

use std::collections::BTreeMap;

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::{
    config::{BoundsConfig, FeesConfig, ThresholdsConfig},
    loops::{Funds, Pair, Payout, Request, Share, Target, ThresholdChange},
    onedelta::COMPOSER,
    perps::PercentE10,
    trade::{Ask, LoopAsk, Order, Planner, Which},
    units::{Bps, Secs},
};

use crate::{
    mutate::{Harmless, audit_loop, judge},
    trader::{Erc20, POOL, Pool, Trader, USDC, WETH, ether, milli_ether, units},
};

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
    let planner: Planner<'_> = Planner {
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
    let order = Order::of(&plan, ask).expect("an order");
    let table = judge(&planner, &order, audit_loop).await;
    println!("{}: {table:?}", plan.kind);
    table
}
