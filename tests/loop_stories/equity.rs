//! Equity in and out.

use alloy::primitives::U256;
use rust_decimal::dec;
use trimtab::loops::{Funds, Request, Target};

use crate::{
    open::{as_predicted, is_close, leverage},
    trader::{Trader, USDC, WETH, ether, units},
};

#[tokio::test]
async fn equity_goes_in_and_comes_out_with_and_without_the_leverage() {
    let trader = Trader::start().await;
    trader.give(USDC, units(20_000, 6)).await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(2)) }).await;
    let out = |collateral, debt, unwrap, keep_leverage| Request::Withdraw { collateral, debt, unwrap, keep_leverage };
    let none = U256::ZERO;
    let in_turn = [
        (Request::Deposit { funds: Funds::Native(ether(1)), keep_leverage: true }, true),
        (Request::Deposit { funds: Funds::Debt(units(3_000, 6)), keep_leverage: true }, true),
        (out(ether(1), none, Some(WETH), true), true),
        (out(ether(1), none, None, true), true),
        (out(none, units(3_000, 6), None, true), true),
        (Request::Deposit { funds: Funds::Native(ether(1)), keep_leverage: false }, false),
        (Request::Deposit { funds: Funds::Debt(units(3_000, 6)), keep_leverage: false }, false),
        (out(ether(1), none, Some(WETH), false), false),
        (out(ether(1), none, None, false), false),
        (out(none, units(3_000, 6), None, false), false),
    ];
    for (request, keeps) in in_turn {
        let (before, debt) = (leverage(&trader, &pair).await, trader.debt(&pair).await);
        let (plan, settlement) = trader.act(&pair, &request).await;
        let after = leverage(&trader, &pair).await;
        if keeps {
            assert!(after.abs_diff(before) * U256::from(1_000) <= before, "{request:?}: {before} to {after}");
        } else {
            let now = trader.debt(&pair).await;
            // Without --keep-leverage debt only grows by its interest.
            assert!(now >= debt && now - debt < U256::from(1_000), "{request:?}: {debt} to {now}");
            assert!(after.abs_diff(before) * U256::from(1_000) > before, "{request:?}: {before} to {after}");
        }
        as_predicted(&plan, &settlement);
        trader.assert_nothing_left(&pair).await;
    }
}

#[tokio::test]
async fn a_deposit_without_a_loop_is_a_supply_and_borrows_nothing() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let (plan, _) = trader.act(&pair, &Request::Deposit { funds: Funds::Native(ether(2)), keep_leverage: true }).await;
    assert!(trader.debt(&pair).await.is_zero() && plan.permits().count() == 0);
    assert!(is_close(leverage(&trader, &pair).await, dec!(1)));
    trader.assert_nothing_left(&pair).await;
}
