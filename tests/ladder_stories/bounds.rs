//! Pools that are thin, drained or off the oracle, and gas that is short.

use alloy::primitives::U256;
use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::{
    config::{BoundsConfig, Urgency},
    localchain::PriceScope,
    loops::{Ahead, LoopSnapshot, PlanError, Report, Request, Settings, Target, plan_ahead},
    plan::{Bound, Plan, Refusal},
    units::Bps,
};

use crate::{
    is_close, looped, raises_health, set_price,
    trader::{Failed, Trader, ether, units},
    urgent, wad,
};

const TARGET: Target = Target::HealthFactor(dec!(1.35));

#[track_caller]
fn refused_by(failed: Result<Report, Failed>, bound: &str) {
    let Err(Failed::Check(Refusal::Bounds(broken))) = failed else { panic!("{failed:?}") };
    assert_eq!(broken.iter().map(|bound| bound.name.as_str()).collect::<Vec<_>>(), [bound], "{broken:?}");
}

#[tokio::test]
async fn a_pool_two_per_cent_off_the_oracle_widens_the_bound_of_a_trim_and_never_blocks_it() {
    let (trader, pair) = looped().await;
    set_price(&trader, "2940", PriceScope::PoolsOnly).await;
    let before = trader.health_factor().await;
    let plan = trader.plan_with(&pair, &Request::Adjust { target: TARGET }, &urgent(&trader, Urgency::Trim)).await;
    let plan = plan.expect("plan");
    let said = plan.notes.join("; ");
    assert!(said.contains("the swap bounds of `urgent` apply") && plan.urgency == Urgency::Trim, "{said}");
    raises_health(&plan);
    assert!(trader.execute(plan).await.expect("sent").outcome.is_mined());
    assert!(is_close(trader.health_factor().await, dec!(1.35)) && trader.health_factor().await > before);
    trader.assert_nothing_left(&pair).await;
}

#[track_caller]
fn bound<'p>(plan: &'p Plan, name: &str) -> &'p Bound {
    plan.bounds.iter().find(|bound| bound.name == name).expect("bound")
}

#[tokio::test]
async fn where_the_oracle_is_late_a_trim_has_its_usual_room_around_the_pools_price_and_no_more_than_helps() {
    // Pools and feed a fifth lower: the room is that of the next bounds, because pool and oracle are apart. A third lower,
    // at 0.8466 by the feed: what is sold counts for 0.83, so a swap may lose 1.96 % less a little for the loan.
    for (price, gap, urgency, target, room) in
        [("2400", 2_000, Urgency::Trim, dec!(1.5625), 300u64), ("2040", 3_200, Urgency::LastResort, dec!(1.8383), 186)]
    {
        let (trader, pair) = looped().await;
        set_price(&trader, price, PriceScope::PoolsOnly).await;
        let snapshot = trader.snapshot(&pair).await;
        let (request, settings) = (Request::Adjust { target: Target::HealthFactor(target) }, urgent(&trader, urgency));
        let hubs = LoopSnapshot::hubs(&trader.list);
        let plan =
            plan_ahead(&request, &snapshot, &pair, &settings, &hubs, &Ahead { gap: Bps(gap), ..Ahead::default() })
                .expect("plan");
        let around = bound(&plan, "swap limit against the quote");
        let apart = around.limit.raw.abs_diff(U256::from(room));
        assert!(around.holds() && apart <= U256::from(2), "{price}: {around}");
        assert!(around.actual.raw >= U256::from(room / 2), "{price}: no fill but the quote itself: {around}");
        let worst = bound(&plan, "health factor after the action, at the worst fill");
        assert!(worst.holds() && worst.blocking, "{price}: {worst}");
        raises_health(&plan);
        assert!(trader.execute(plan).await.expect("sent").outcome.is_mined());
        assert!(is_close(trader.health_factor().await, target), "{price}");
        // Where the oracle catches up, the loop is where it was to be.
        set_price(&trader, price, PriceScope::FeedOnly).await;
        assert!(trader.health_factor().await > wad(dec!(1.24)), "{price}: {}", trader.health_factor().await);
    }
}

#[tokio::test]
async fn the_last_resort_pays_what_urgent_refuses_as_long_as_a_liquidator_would_take_more() {
    let (trader, pair) = looped().await;
    set_price(&trader, "2820", PriceScope::PoolsOnly).await;
    let adjust = Request::Adjust { target: TARGET };
    // With a gate that wide the bound is urgent's own.
    let bounds = BoundsConfig { oracle_gate_bps: Bps(2_000), ..BoundsConfig::default() };
    let kept = Settings { bounds, ..urgent(&trader, Urgency::Urgent) };
    let plan = trader.plan_with(&pair, &adjust, &kept).await.expect("plan");
    refused_by(trader.execute(plan).await, "swap cost against the oracle");

    let plan = trader.plan_with(&pair, &adjust, &urgent(&trader, Urgency::LastResort)).await.expect("plan");
    let loss = plan.bounds.iter().find(|bound| bound.name.starts_with("expected loss")).expect("bound");
    // Five per cent of half of some 60 000 dollars.
    assert!(loss.holds() && loss.limit.raw.abs_diff(units(1_500, 8)) < units(5, 8), "{loss}");
    assert_eq!(plan.urgency, Urgency::LastResort);
    raises_health(&plan);
    assert!(trader.execute(plan).await.expect("sent").outcome.is_mined());
    assert!(is_close(trader.health_factor().await, dec!(1.35)));
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn a_trim_that_costs_more_than_being_liquidated_is_refused_with_both_losses() {
    let (trader, pair) = looped().await;
    set_price(&trader, "2550", PriceScope::PoolsOnly).await;
    let plan =
        trader.plan_with(&pair, &Request::Adjust { target: TARGET }, &urgent(&trader, Urgency::LastResort)).await;
    refused_by(trader.execute(plan.expect("plan")).await, "expected loss against being liquidated");
    // In part it costs less than a liquidation: the ladder goes on in slices.
    let slice = Request::Trim { target: TARGET, at_most: None };
    let plan = trader.plan_with(&pair, &slice, &urgent(&trader, Urgency::LastResort)).await.expect("a slice");
    assert!(plan.notes.iter().any(|note| note.contains("expected loss against being liquidated")), "{:?}", plan.notes);
    raises_health(&plan);
    assert!(trader.execute(plan).await.expect("sent").outcome.is_mined());
}

#[tokio::test]
async fn what_the_pools_are_too_thin_for_is_done_in_slices() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    // Twelve million dollars of debt against pools of some twenty million.
    trader.somebody_borrows(trader.index, ether(6_000), 12_000_000).await;
    let target = Target::HealthFactor(dec!(1.4));
    let settings = || urgent(&trader, Urgency::Trim);
    let whole = trader.plan_with(&pair, &Request::Adjust { target }, &settings()).await.expect("plan");
    refused_by(trader.execute(whole).await, "swap cost against the oracle");

    let before = (trader.health_factor().await, trader.debt(&pair).await);
    let slice = Request::Trim { target, at_most: None };
    let plan = trader.plan_with(&pair, &slice, &settings()).await.expect("a slice");
    assert!(plan.headline.ends_with("as far as it goes"), "{}", plan.headline);
    let cost = plan.bounds.iter().find(|bound| bound.name == "swap cost against the oracle").expect("bound");
    // As much as goes: the bound is nearly used up.
    assert!(cost.holds() && cost.actual.raw >= U256::from(97), "{cost}");
    raises_health(&plan);
    assert!(trader.execute(plan).await.expect("sent").outcome.is_mined());
    assert!(trader.health_factor().await > before.0 && trader.debt(&pair).await < before.1);
    trader.assert_nothing_left(&pair).await;

    let (debt, at_most) = (trader.debt(&pair).await, units(5_000, 6));
    let small = Request::Trim { target, at_most: Some(at_most) };
    let (plan, _) = trader.act_with(&pair, &small, &urgent(&trader, Urgency::LastResort)).await;
    assert!(plan.notes.iter().all(|note| !note.starts_with("only ")), "{:?}", plan.notes);
    // Interest of a few seconds on twelve million dollars is below ten.
    assert!((debt - trader.debt(&pair).await).abs_diff(at_most) < units(10, 6));
    let there = Request::Trim { target: Target::HealthFactor(dec!(1.1)), at_most: None };
    let refused = trader.plan_with(&pair, &there, &settings()).await;
    assert!(matches!(refused, Err(PlanError::AlreadyThere(_))), "{refused:?}");
}

#[tokio::test]
async fn little_gas_is_enough_for_what_protects_and_none_is_said_with_figures() {
    let (trader, pair) = looped().await;
    let set = async |wei: u64| {
        let balance = json!([trader.account, U256::from(wei)]);
        let _: Value = trader.replica.request("anvil_setBalance", balance).await.expect("anvil");
    };
    let adjust = Request::Adjust { target: TARGET };
    set(80_000_000_000_000).await;
    let raise = Request::Adjust { target: Target::Leverage(dec!(3.05)) };
    let ordinary = trader.plan(&pair, &raise).await;
    assert!(matches!(ordinary, Err(PlanError::NoGasLeft { .. })), "{ordinary:?}");
    // Whoever asks for less risk.
    raises_health(&trader.plan(&pair, &adjust).await.expect("plan"));
    raises_health(&trader.plan_with(&pair, &adjust, &urgent(&trader, Urgency::Trim)).await.expect("plan"));
    set(1_000_000_000_000).await;
    let refused = trader.plan_with(&pair, &adjust, &urgent(&trader, Urgency::LastResort)).await.expect_err("no gas");
    assert!(matches!(refused, PlanError::NoGasLeft { .. }), "{refused}");
    assert!(refused.to_string().contains("not enough ether for gas: the wallet has 0.000001 ETH"), "{refused}");
    assert!(trader.health_factor().await < wad(dec!(1.25)));
}
