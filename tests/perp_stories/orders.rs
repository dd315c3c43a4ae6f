//! Orders that the keeper does not simply fill.

use alloy::{primitives::U256, sol, sol_types::SolCall};
use serde_json::{Value, json};
use trimtab::{
    localchain::{Behaviour, Role},
    perps::{
        ExecuteError, Level, LikelyReason, OpenRequest, OrderState, PerpError, PerpRequest, PriceE10, Side, resume,
    },
    units::Millis,
};

use crate::{
    desk::{Desk, Failed, STORAGE, TRADING, e10, eth, impatient, usd},
    trader::USDC,
};

sol! {
    struct Trade {
        address trader; uint256 pairIndex; uint256 index; uint256 initialPosToken; uint256 positionSizeUSDC;
        uint256 openPrice; bool buy; uint256 leverage; uint256 tp; uint256 sl; uint256 timestamp;
    }
    function openTrade(Trade calldata t, uint8 orderType, uint256 slippageP) external payable returns (uint256 id);
    function approve(address spender, uint256 amount) external returns (bool done);
    function pause() external;
}

/// Dollars with the 8 decimals of a feed.
fn feed(dollars: u64) -> U256 {
    U256::from(dollars) * U256::from(100_000_000u64)
}

#[track_caller]
pub(crate) fn cancelled(state: &OrderState) -> (U256, &LikelyReason) {
    match state {
        OrderState::Cancelled { refund: Some(refund), reason, .. } => (refund.0, reason),
        other => panic!("not cancelled with a refund: {other:?}"),
    }
}

#[tokio::test]
async fn an_order_beyond_its_slippage_is_cancelled_refunded_and_explained() {
    let desk = Desk::open(Behaviour::filling_at(feed(3100))).await;
    let before = desk.usdc().await;
    let (_, report) = desk.attempt(&PerpRequest::Open(eth(Side::Long))).await.expect("placed");
    assert_eq!(report.exit_code(), 5);
    let (refund, reason) = cancelled(&report.orders[0].1);
    assert_eq!(refund, usd(100).0);
    let LikelyReason::Slippage { execution, limit } = reason else { panic!("{reason:?}") };
    assert_eq!(*limit, PriceE10(e10(3030)));
    assert!(*execution > PriceE10(e10(3100)), "{execution}");
    assert_eq!(desk.usdc().await, before);
    let sender = desk.trader.sender();
    let order = sender.journal().reader().order("avantis-v1", &report.orders[0].0.id).expect("journal").expect("known");
    assert!(order.reason.expect("reason").contains("slippage limit"), "the journal says why");
}

#[tokio::test]
async fn an_order_whose_stop_is_crossed_at_the_fill_is_cancelled_and_explained() {
    let desk = Desk::open(Behaviour::filling_at(feed(2985))).await;
    let request = OpenRequest { stop: Some(Level::Price(PriceE10(e10(2990)))), ..eth(Side::Long) };
    let (_, report) = desk.attempt(&PerpRequest::Open(request)).await.expect("placed");
    let (refund, reason) = cancelled(&report.orders[0].1);
    assert_eq!(refund, usd(100).0);
    assert!(matches!(reason, LikelyReason::LevelCrossed { level, .. } if *level == PriceE10(e10(2990))), "{reason:?}");
}

#[tokio::test]
async fn an_order_that_the_keeper_cancels_is_refunded() {
    let desk = Desk::open(Behaviour::refusing()).await;
    let (_, report) = desk.attempt(&PerpRequest::Open(eth(Side::Long))).await.expect("placed");
    assert_eq!(cancelled(&report.orders[0].1), (usd(100).0, &LikelyReason::Operator));
}

#[tokio::test]
async fn while_the_keeper_is_silent_the_order_stays_tracked_and_no_second_one_is_placed() {
    let desk = Desk::open(Behaviour::stopped()).await;
    let plan = desk.plan(&PerpRequest::Open(eth(Side::Long))).await.expect("plan");
    let report = desk.execute(plan, impatient()).await.expect("placed");
    assert_eq!(report.exit_code(), 7);
    assert!(matches!(report.orders[0].1, OrderState::Initiated), "{report:#?}");
    let nonce = desk.trader.replica.nonce(desk.trader.account).await;
    let second = desk.attempt(&PerpRequest::Open(eth(Side::Short))).await;
    assert!(matches!(second, Err(Failed::Execute(ExecuteError::Pending(_)))), "{second:?}");
    assert_eq!(desk.trader.replica.nonce(desk.trader.account).await, nonce, "nothing was sent");

    desk.keeper.behave(Behaviour::faithful());
    desk.until("fill", async || desk.snapshot().await.positions.pop()).await;
    let (_, report) = desk.act(PerpRequest::Open(eth(Side::Short))).await;
    assert_eq!(report.orders.len(), 1);
    let sender = desk.trader.sender();
    assert_eq!(
        sender.journal().reader().open_perps().expect("positions").len(),
        2,
        "the first was resolved on the way"
    );
}

#[tokio::test]
async fn a_slow_keeper_is_waited_for() {
    let desk = Desk::open(Behaviour::delayed(Millis(700))).await;
    desk.act(PerpRequest::Open(eth(Side::Long))).await;
    assert_eq!(desk.position().await.side, Side::Long);
}

/// A long at the market placed by other means than this program's, at any price up to 3 030.
pub(crate) async fn place(desk: &Desk, pair: u64, margin: U256, leverage: u64) {
    let (replica, account) = (&desk.trader.replica, desk.trader.account);
    replica.send(account, USDC, &approveCall { spender: STORAGE, amount: margin }).await;
    let t = Trade {
        trader: account,
        pairIndex: U256::from(pair),
        index: U256::ZERO,
        initialPosToken: U256::ZERO,
        positionSizeUSDC: margin,
        openPrice: e10(3000),
        buy: true,
        leverage: e10(leverage),
        tp: U256::ZERO,
        sl: U256::ZERO,
        timestamp: U256::ZERO,
    };
    replica.send(account, TRADING, &openTradeCall { t, orderType: 0, slippageP: e10(1) }).await;
}

/// Orders placed by other means: the venue takes five.
#[tokio::test]
async fn with_five_orders_waiting_a_sixth_is_refused_before_it_costs_gas() {
    let desk = Desk::open(Behaviour::stopped()).await;
    for pair in 0..5u64 {
        place(&desk, pair, usd(100).0, 10).await;
    }
    let snapshot = desk.snapshot().await;
    assert_eq!((snapshot.pending.len(), snapshot.most_pending), (5, 5));
    assert!(snapshot.pending.iter().all(|order| order.amount == usd(100)));
    let refused = desk.plan(&PerpRequest::Open(eth(Side::Long))).await.expect_err("refused");
    assert!(matches!(&refused, PerpError::Refused(words) if words.contains("5 market orders wait")), "{refused}");
    assert_eq!(refused.exit_code(), 4);
}

#[tokio::test]
async fn a_paused_venue_refuses_and_says_so() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let governor = Role::VenueGovernor.address();
    let replica = &desk.trader.replica;
    let _: Value = replica.request("anvil_impersonateAccount", json!([governor])).await.expect("anvil");
    let ether = U256::from(10).pow(U256::from(18));
    let _: Value = replica.request("anvil_setBalance", json!([governor, ether])).await.expect("anvil");
    replica.send_data(governor, TRADING, pauseCall {}.abi_encode().into(), U256::ZERO).await;
    let refused = desk.plan(&PerpRequest::Open(eth(Side::Long))).await.expect_err("refused");
    assert!(refused.to_string().contains("paused"), "{refused}");
    assert_eq!(refused.exit_code(), 4);
}

#[tokio::test]
async fn an_order_whose_process_died_is_found_again_from_the_journal() {
    let desk = Desk::open(Behaviour::stopped()).await;
    let plan = desk.plan(&PerpRequest::Open(eth(Side::Long))).await.expect("plan");
    desk.execute(plan, impatient()).await.expect("placed");
    desk.keeper.behave(Behaviour::faithful());
    desk.until("fill", async || desk.snapshot().await.positions.pop()).await;
    let sender = desk.trader.sender();
    let clock = trimtab::chain::SystemClock::new();
    let resumed = resume(sender.journal(), sender.wire(), &desk.venue, &clock).await.expect("resumed");
    assert!(matches!(resumed.orders[..], [(_, OrderState::Filled(_))]), "{resumed:?}");
    let again = resume(sender.journal(), sender.wire(), &desk.venue, &clock).await.expect("resumed");
    assert!(again.orders.is_empty(), "{again:?}");
}
