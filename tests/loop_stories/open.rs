//! Opening.

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use trimtab::{
    config::LoopClass,
    loops::{Funds, Pair, Request, Target},
    plan::Plan,
    send::Settlement,
    units::{WAD, from_decimal},
};

use crate::trader::{CBBTC, CBETH, Trader, USDC, WETH, ether, units};

/// Within a thousandth.
pub(crate) fn is_close(actual: U256, wanted: Decimal) -> bool {
    let wanted = from_decimal(wanted, 18).expect("a number");
    actual.abs_diff(wanted) * U256::from(1_000) <= wanted
}

/// Leverage of the pair as the chain shows it.
pub(crate) async fn leverage(trader: &Trader, pair: &Pair) -> U256 {
    let snapshot = trader.snapshot(pair).await;
    let at = snapshot.block.timestamp;
    let reserve = |token| snapshot.market.reserve(token).expect("reserve");
    let (collateral, debt) = (reserve(pair.collateral.token), reserve(pair.debt.token));
    let supplied =
        collateral.collateral_value(snapshot.account.supplied(collateral, at).expect("supplied")).expect("usd");
    let owed = debt.debt_value(snapshot.account.owed(debt, at).expect("owed")).expect("usd");
    supplied.0 * WAD / (supplied.0 - owed.0)
}

/// The chain shows what was predicted: nothing differs by more than its interest of some seconds.
#[track_caller]
pub(crate) fn as_predicted(plan: &Plan, settlement: &Settlement) {
    for figure in &settlement.figures {
        // At 100 % a year, a minute is two millionths; of what came out of the loan, its debt counts.
        let debt = plan.figure("debt").filter(|debt| debt.before.unit == figure.predicted.unit);
        let base = debt.map_or(U256::ZERO, |debt| debt.before.raw).max(figure.predicted.raw);
        let allowed = base / U256::from(500_000) + U256::from(5);
        assert!(figure.difference <= allowed, "{}: {figure:?}", plan.headline);
    }
}

#[tokio::test]
async fn ether_goes_in_and_a_loop_of_the_wanted_leverage_comes_out_in_one_transaction() {
    let trader = Trader::start().await;
    let pair = trader.pair("ETH", "USDC").await;
    let request = Request::Open { funds: Funds::Native(ether(10)), target: Target::Leverage(dec!(3)) };
    let nonce = trader.replica.nonce(trader.account).await;
    let (plan, settlement) = trader.act(&pair, &request).await;
    assert_eq!((plan.steps.len(), settlement.transactions.len()), (1, 1));
    assert_eq!(trader.replica.nonce(trader.account).await, nonce + U256::ONE);
    assert!(is_close(leverage(&trader, &pair).await, dec!(3)));
    as_predicted(&plan, &settlement);
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn a_loop_opens_at_a_wanted_health_factor() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let request = Request::Open { funds: Funds::Native(ether(7)), target: Target::HealthFactor(dec!(1.3)) };
    let (plan, settlement) = trader.act(&pair, &request).await;
    assert!(is_close(trader.health_factor().await, dec!(1.3)));
    as_predicted(&plan, &settlement);
}

#[tokio::test]
async fn dollars_with_a_permit_open_a_loop_at_a_wanted_loan_to_value() {
    let trader = Trader::start().await;
    trader.give(USDC, units(30_000, 6)).await;
    let pair = trader.pair("WETH", "USDC").await;
    let request = Request::Open { funds: Funds::Debt(units(30_000, 6)), target: Target::Ltv(dec!(0.6)) };
    let (plan, settlement) = trader.act(&pair, &request).await;
    assert_eq!(plan.steps.len(), 1, "the allowance travels as a permit");
    // LTV 0.6 is leverage 2.5.
    let leverage = leverage(&trader, &pair).await;
    let ltv = WAD - WAD * WAD / leverage;
    assert!(is_close(ltv, dec!(0.6)), "{ltv}");
    assert_eq!(trader.balance(USDC, trader.account).await, U256::ZERO);
    as_predicted(&plan, &settlement);
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn wrapped_ether_has_no_permit_so_an_exact_approve_comes_first_and_is_used_up() {
    let trader = Trader::start().await;
    trader.give(WETH, ether(5)).await;
    let pair = trader.pair("WETH", "USDC").await;
    let request = Request::Open { funds: Funds::Collateral(ether(5)), target: Target::Leverage(dec!(2)) };
    let (plan, settlement) = trader.act(&pair, &request).await;
    assert_eq!((plan.steps.len(), settlement.transactions.len()), (2, 2));
    assert!(plan.steps[0].purpose.contains("approve exactly 5 WETH"), "{}", plan.steps[0].purpose);
    assert!(plan.notes.iter().any(|note| note.starts_with("2 transactions")), "{:?}", plan.notes);
    assert!(is_close(leverage(&trader, &pair).await, dec!(2)));
    as_predicted(&plan, &settlement);
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn staked_ether_enters_its_e_mode_first_and_says_so() {
    let trader = Trader::start().await;
    trader.give(CBETH, ether(10)).await;
    let pair = trader.pair("cbETH", "WETH").await;
    let request = Request::Open { funds: Funds::Collateral(ether(10)), target: Target::Leverage(dec!(6)) };
    let (plan, settlement) = trader.act_with(&pair, &request, &trader.settings(LoopClass::Correlated)).await;
    let purposes: Vec<&str> = plan.steps.iter().map(|step| step.purpose.as_str()).collect();
    assert!(purposes[0].contains("enter e-mode 9 (cbETH/WETH)"), "{purposes:?}");
    assert!(purposes[1].contains("approve exactly 10 cbETH"), "{purposes:?}");
    assert_eq!((purposes.len(), settlement.transactions.len()), (3, 3));
    assert!(is_close(leverage(&trader, &pair).await, dec!(6)));
    assert_eq!(trader.snapshot(&pair).await.account.emode, 9);
    as_predicted(&plan, &settlement);
    trader.assert_nothing_left(&pair).await;
}

#[tokio::test]
async fn bitcoin_with_a_permit_needs_one_transaction_besides_the_e_mode() {
    let trader = Trader::start().await;
    trader.give(CBBTC, units(1, 8)).await;
    let pair = trader.pair("cbBTC", "USDC").await;
    let request = Request::Open { funds: Funds::Collateral(units(1, 8)), target: Target::Leverage(dec!(2)) };
    let (plan, settlement) = trader.act(&pair, &request).await;
    assert!(plan.steps[0].purpose.contains("enter e-mode 10 (cbBTC Stablecoins)"), "{}", plan.steps[0].purpose);
    assert_eq!((plan.steps.len(), settlement.transactions.len()), (2, 2));
    assert!(is_close(leverage(&trader, &pair).await, dec!(2)));
    assert_eq!(trader.snapshot(&pair).await.account.emode, 10);
    as_predicted(&plan, &settlement);
    trader.assert_nothing_left(&pair).await;
}
