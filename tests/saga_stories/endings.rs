//! Perps that open and end; what becomes of the loop.

use rust_decimal::{Decimal, dec};
use trimtab::{
    config::{AfterPerp, MarginFrom},
    localchain::Behaviour,
    loops::{Funds, Request, Target},
    perps::EndKind,
    trade::saga::{Policies, Role, SagaReport},
};

use crate::{
    story::{POLICIES, Story},
    trader::{USDC, ether, units},
};

/// Everything up to the open perp, then a price, then the end.
async fn ended_at(story: &Story, policies: Policies, price: &str) -> SagaReport {
    let mut sender = story.trader.sender();
    let signal = story.signal("s-1", 95, "low");
    story.accept(&mut sender, &signal, policies).await.expect("taken");
    story.until_open(&mut sender, "s-1").await;
    assert_eq!(story.leverage().await, dec!(3), "the loop is at the tier's leverage while the perp is open");
    assert_eq!(story.positions().await, 1);
    story.price(price).await;
    let report = story.until_over(&mut sender, "s-1").await;
    assert_eq!(story.positions().await, 0);
    let reader = sender.journal().reader();
    let perps = reader.perps().expect("perps");
    assert_eq!(perps.len(), 1, "exactly one perp");
    assert!(perps[0].closed.is_some(), "{perps:#?}");
    assert_eq!(reader.open_orders().expect("orders"), []);
    assert_eq!(reader.open_sagas().expect("sagas"), []);
    report
}

fn close_to(found: Option<Decimal>, expected: Decimal, within: Decimal) {
    let found = found.expect("a figure");
    assert!((found - expected).abs() <= within, "{found} is not within {within} of {expected}");
}

#[tokio::test]
async fn a_signal_runs_to_its_target_and_the_loop_is_as_before() {
    let story = Story::start(Behaviour::faithful()).await;
    let report = ended_at(&story, POLICIES, "3200").await;
    let perp = report.perp.clone().expect("traded");
    assert_eq!(perp.ended, Some(EndKind::Target), "{report:#?}");
    assert_eq!(report.outcome.as_deref(), Some("traded"));
    // 1500 USDC at 15x, four per cent: strategy.md §3 scaled by a hundred, less the spread.
    assert!(perp.net > Some(dec!(850)) && perp.net < Some(dec!(900)), "{perp:?}");
    close_to(perp.net, perp.net_predicted.expect("predicted"), dec!(0.01));
    assert_eq!(Some(perp.entry), perp.entry_predicted);
    assert_eq!(story.leverage().await, Decimal::ZERO, "there was no loop before");
    assert!(report.has(Role::Raise) && report.has(Role::Open) && report.has(Role::Back), "{report:#?}");
    assert!(report.words().contains("ended  by target"), "{}", report.words());
    let sender = story.trader.sender();
    let governor = story.governor(&sender);
    assert_eq!((governor.wins, governor.losses), (1, 0), "{governor:?}");
    close_to(Some(governor.day_realised), perp.net.expect("a result"), dec!(0));
    assert_eq!(story.warnings(&sender), 0);
}

#[tokio::test]
async fn a_loop_that_was_there_before_the_signal_is_brought_back_to_the_leverage_it_had() {
    let story = Story::start(Behaviour::faithful()).await;
    let pair = story.trader.pair("WETH", "USDC").await;
    let open = Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(2)) };
    story.trader.act(&pair, &open).await;
    assert_eq!(story.leverage().await, dec!(2));
    let report = ended_at(&story, POLICIES, "3200").await;
    assert!(report.has(Role::Raise) && report.has(Role::Back), "{report:#?}");
    assert_eq!(story.leverage().await, dec!(2), "{report:#?}");
}

#[tokio::test]
async fn a_signal_that_is_stopped_loses_what_was_predicted() {
    let story = Story::start(Behaviour::faithful()).await;
    let report = ended_at(&story, POLICIES, "2935").await;
    let perp = report.perp.expect("traded");
    assert_eq!(perp.ended, Some(EndKind::Stop));
    close_to(perp.net, perp.net_predicted.expect("predicted"), dec!(0.01));
    assert_eq!(story.leverage().await, Decimal::ZERO);
    assert_eq!(story.governor(&story.trader.sender()).losses, 1);
}

#[tokio::test]
async fn the_loop_is_closed_after_the_perp_when_the_user_said_so() {
    let story = Story::start(Behaviour::faithful()).await;
    ended_at(&story, Policies { after_perp: AfterPerp::Close, ..POLICIES }, "3200").await;
    assert_eq!(story.leverage().await, Decimal::ZERO);
}

#[tokio::test]
async fn the_loop_is_kept_after_the_perp_when_the_user_said_so() {
    let story = Story::start(Behaviour::faithful()).await;
    let report = ended_at(&story, Policies { after_perp: AfterPerp::Keep, ..POLICIES }, "3200").await;
    assert!(story.leverage().await > dec!(2.5), "the price moved it, nobody closed it");
    assert!(!report.has(Role::Back));
}

#[tokio::test]
async fn a_perp_without_its_stop_is_liquidated_and_loses_its_margin_and_no_more() {
    let story = Story::start(Behaviour::faithful()).await;
    let mut sender = story.trader.sender();
    story.accept(&mut sender, &story.signal("s-1", 95, "low"), POLICIES).await.expect("taken");
    story.until_open(&mut sender, "s-1").await;
    // The stop goes before the liquidation, so the user takes it away.
    let _: serde_json::Value = story.trader.replica.request("anvil_mine", [5]).await.expect("mined");
    Box::pin(story.remove_stop(&mut sender)).await;
    story.price("2800").await;
    let report = story.until_over(&mut sender, "s-1").await;
    let perp = report.perp.expect("traded");
    assert_eq!((perp.ended, perp.net), (Some(EndKind::Liquidation), Some(dec!(-1500))));
    assert_eq!(story.leverage().await, Decimal::ZERO);
    // A loss of more than a fifth of the equity caps the next three trades.
    let governor = story.governor(&sender);
    assert_eq!((governor.losses, governor.day_realised), (1, dec!(-1500)), "{governor:?}");
}

#[tokio::test]
async fn a_margin_that_is_borrowed_comes_with_the_loop_and_the_perp_is_opened_with_it() {
    let mut story = Story::start(Behaviour::faithful()).await;
    story.desk.settings.strategy.margin_from = MarginFrom::Borrow;
    let mut sender = story.trader.sender();
    story.accept(&mut sender, &story.signal("s-1", 75, "normal"), POLICIES).await.expect("taken");
    story.until_open(&mut sender, "s-1").await;
    // 1000 USDC beside the loop's own 3000: D = 4000, C = 6000 + what it was swapped for.
    assert!(story.leverage().await > dec!(2.5), "{}", story.leverage().await);
    let usdc = story.trader.balance(USDC, story.trader.account).await;
    assert!(usdc >= units(9_999, 6), "the wallet paid nothing: {usdc}");
}

#[tokio::test]
async fn drift_confidence_and_half_life_stay_with_the_position() {
    let story = Story::start(Behaviour::faithful()).await;
    let mut sender = story.trader.sender();
    let fields = serde_json::json!({ "drift": "0.0012", "confidence": 0.45, "half_life_s": 600 });
    let signal = story.parse(&fields).expect("a signal");
    story.accept(&mut sender, &signal, POLICIES).await.expect("taken");
    story.until_open(&mut sender, "s").await;
    let perps = sender.journal().reader().open_perps().expect("perps");
    let entry = &perps[0].entry;
    assert_eq!((entry.drift, entry.confidence), (Some(dec!(0.0012)), Some(dec!(0.45))));
    assert_eq!(entry.half_life_s.map(|half_life| half_life.0), Some(600));
    assert_eq!(entry.signal.as_deref(), Some("s"));
}
