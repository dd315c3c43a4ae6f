//! A perp's margin drawn in the loop's own transaction, and markets under stress.

use std::sync::Arc;

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::{
    dex::{Direction, Pool, PoolState},
    localchain::{PriceChange, PriceScope},
    loops::{Funds, LoopSnapshot, Pair, PlanError, Request, SwapCost, Target, stressed},
    units::to_decimal,
};

use crate::{
    open::{as_predicted, is_close, leverage},
    trader::{Failed, Trader, USDC, ether, units},
};

const THREE: Target = Target::Leverage(dec!(3));

fn draw(funds: Funds, target: Option<Target>, dollars: u64) -> Request {
    Request::Draw { funds, target, amount: units(dollars, 6) }
}

#[tokio::test]
async fn a_margin_drawn_while_a_loop_opens_is_in_the_wallet_to_the_unit_and_health_is_as_predicted() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let two = Some(Target::Leverage(dec!(2)));
    let (plan, settlement) = trader.act(&pair, &draw(Funds::Native(ether(1)), two, 1_000)).await;
    assert_eq!(trader.balance(USDC, trader.account).await, units(1_000, 6));
    as_predicted(&plan, &settlement);
    // The target does not count what was drawn: 6000 of collateral, 3000 of the loop's debt and 1000 beside it.
    let with_margin = dec!(6000) / (dec!(6000) - dec!(4000));
    assert!(is_close(leverage(&trader, &pair).await, with_margin));
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn a_margin_drawn_from_a_loop_that_stands_leaves_its_collateral_alone() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(2)), target: Target::Leverage(dec!(2)) }).await;
    let (collateral, debt) = (trader.collateral(&pair).await, trader.debt(&pair).await);
    let (plan, settlement) = trader.act(&pair, &draw(Funds::None, None, 500)).await;
    as_predicted(&plan, &settlement);
    assert_eq!(trader.balance(USDC, trader.account).await, units(500, 6));
    let borrowed = trader.debt(&pair).await - debt;
    assert!(borrowed >= units(500, 6) && borrowed < units(501, 6), "{borrowed}: 500 and the interest of a few blocks");
    assert!(trader.collateral(&pair).await >= collateral);
    // Where it stands already, the target changes nothing.
    let here = to_decimal(leverage(&trader, &pair).await, 18).expect("a number").round_dp(6);
    let again = trader.plan(&pair, &draw(Funds::None, Some(Target::Leverage(here)), 100)).await;
    let figure = again.expect("a plan").figure("collateral").cloned().expect("a figure");
    assert!(figure.after.raw.abs_diff(figure.before.raw) < U256::from(1_000_000_000_000u64), "{figure:?}");
}

#[tokio::test]
async fn a_draw_of_nothing_one_below_the_floor_and_one_while_lowering_are_refused() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let nothing = trader.plan(&pair, &draw(Funds::Native(ether(1)), Some(THREE), 0)).await;
    assert!(matches!(nothing, Err(PlanError::Zero("margin"))), "{nothing:?}");
    // 3x alone is at 1.245; another 1000 of debt is far below the floor of 1.23.
    let deep = trader.plan(&pair, &draw(Funds::Native(ether(1)), Some(THREE), 1_000)).await;
    if let Ok(plan) = deep {
        let refused = trader.execute(plan).await;
        assert!(matches!(refused, Err(Failed::Check(_))), "{refused:?}");
    }
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: THREE }).await;
    let lowering = trader.plan(&pair, &draw(Funds::None, Some(Target::Leverage(dec!(2))), 100)).await;
    assert!(matches!(lowering, Err(PlanError::DrawWhileLowering(_))), "{lowering:?}");
    assert_eq!(trader.balance(USDC, trader.account).await, U256::ZERO, "nothing was drawn");
}

/// What buying so much of the debt with collateral loses.
fn lost(snapshot: &LoopSnapshot, pair: &Pair, trader: &Trader, dollars: u64) -> rust_decimal::Decimal {
    let hubs = LoopSnapshot::hubs(&trader.list);
    let cost = SwapCost { snapshot, pair, hubs: &hubs, gas_price: U256::from(60_000_000u64) };
    cost.into_debt(units(dollars, 6)).expect("a route")
}

#[tokio::test]
async fn a_market_imagined_ten_percent_lower_costs_what_the_real_one_does_once_it_is_there() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let now = trader.snapshot(&pair).await;
    let imagined = stressed(&now, &pair, dec!(0.1)).expect("a market");
    let change = PriceChange::parse("ETH", "2700").expect("price");
    trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    let real = trader.snapshot(&pair).await;
    let price = |snapshot: &LoopSnapshot| {
        let reserve = snapshot.market.reserve(pair.collateral.token).expect("reserve");
        reserve.price.as_ref().expect("a price").value.0
    };
    assert_eq!(price(&imagined), price(&real));
    assert_eq!(price(&imagined), price(&now) * U256::from(9) / U256::from(10));
    for dollars in [1_000, 100_000] {
        let (expected, actual) = (lost(&imagined, &pair, &trader, dollars), lost(&real, &pair, &trader, dollars));
        assert!((expected - actual).abs() < dec!(0.0001), "{dollars}: {expected} instead of {actual}");
        assert!(expected > dec!(0), "no swap is free");
    }
}

#[tokio::test]
async fn a_market_imagined_for_a_short_is_the_one_in_which_its_debt_has_risen() {
    let trader = Trader::start().await;
    let pair = trader.pair("USDC", "WETH").await;
    let now = trader.snapshot(&pair).await;
    let imagined = stressed(&now, &pair, dec!(0.1)).expect("a market");
    let change = PriceChange::parse("ETH", "3300").expect("price");
    trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    let real = trader.snapshot(&pair).await;
    for token in [pair.collateral.token, pair.debt.token] {
        let price =
            |snapshot: &LoopSnapshot| snapshot.market.reserve(token).and_then(|held| held.price()).expect("price");
        assert_eq!(price(&imagined), price(&real));
    }
    let hubs = LoopSnapshot::hubs(&trader.list);
    let lost = |snapshot: &LoopSnapshot| {
        let cost = SwapCost { snapshot, pair: &pair, hubs: &hubs, gas_price: U256::from(60_000_000u64) };
        cost.into_debt(ether(30)).expect("a route")
    };
    assert!((lost(&imagined) - lost(&real)).abs() < dec!(0.0001), "{} instead of {}", lost(&imagined), lost(&real));
}

#[tokio::test]
async fn stress_moves_the_pools_of_the_collateral_down_and_leaves_the_others_where_they_are() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let now = trader.snapshot(&pair).await;
    let after = stressed(&now, &pair, dec!(0.1)).expect("a market");
    let (mut moved, mut left) = (0, 0);
    let state = |pool: &Arc<dyn Pool>| pool.as_any().downcast_ref::<PoolState>().expect("of Uniswap v3").clone();
    for pool in now.pools.found().map(state) {
        let Ok(then) = after.pools.get(pool.key).map(state) else { continue };
        let Some(direction) = pool.direction_from(pair.collateral.token) else {
            assert_eq!(then.sqrt_price_x96, pool.sqrt_price_x96);
            left += 1;
            continue;
        };
        // Price is square-rooted: 0.9486833 one way, 1.0540925 the other.
        let ratio = then.sqrt_price_x96 * U256::from(10_000_000) / pool.sqrt_price_x96;
        let expected = if direction == Direction::ZeroForOne { 9_486_832u64 } else { 10_540_925 };
        assert!(ratio.abs_diff(U256::from(expected)) <= U256::from(2), "{ratio} instead of {expected}");
        moved += 1;
    }
    assert!(moved > 0, "the pair has pools: {moved} moved, {left} left");
    let same = stressed(&now, &pair, dec!(0)).expect("a market");
    assert_eq!(lost(&same, &pair, &trader, 1_000), lost(&now, &pair, &trader, 1_000), "without a fall nothing changes");
}
