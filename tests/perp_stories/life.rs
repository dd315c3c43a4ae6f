//! Open, change, close: predicted beside actual.

use alloy::primitives::U256;
use rust_decimal::Decimal;
use trimtab::{
    localchain::Behaviour,
    perps::{
        Change, EndKind, Entry, Level, MarginChange, OpenRequest, OrderKind, OrderState, PerpRequest, PerpVenue,
        Portion, PriceE10, Side, Usdc, settle_endings,
    },
};

use crate::desk::{Desk, e10, eth, filled, usd};

fn at(dollars: u64) -> Level {
    Level::Price(PriceE10(e10(dollars)))
}

/// The worked example of avantis-v1.md §5, to the last unit.
#[tokio::test]
async fn a_long_is_opened_and_closed_in_two_halves_as_predicted_to_the_unit() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let (plan, report) = desk.act(PerpRequest::Open(eth(Side::Long))).await;
    assert_eq!(plan.steps.len(), 2, "an exact allowance comes first");
    let fill = filled(&report);
    assert_eq!(fill.collateral, Usdc(U256::from(99_550_000)));
    assert_eq!(fill.price, PriceE10(U256::from(30_003_010_379_670u64)));
    assert!(report.fills.iter().all(|deviation| deviation.difference.is_zero()), "{:#?}", report.fills);
    let position = desk.position().await;
    assert_eq!(plan.figure("liquidation_price").expect("figure").after.raw, position.liquidation.0);
    assert_eq!(plan.figure("target").expect("figure").after.raw, position.target.0);
    assert!(position.is_loss && position.value < position.collateral, "fees are in the result: {position:?}");

    desk.price("ETH", "3150").await;
    let before = desk.usdc().await;
    let half = PerpRequest::Close { position: position.key, portion: Portion::Part(Decimal::new(5, 1)) };
    let (_, report) = desk.act(half).await;
    assert_eq!(filled(&report).paid, Usdc(U256::from(74_374_897)));
    assert!(report.fills.iter().all(|deviation| deviation.difference.is_zero()), "{:#?}", report.fills);
    assert_eq!(desk.position().await.collateral, Usdc(U256::from(49_775_000)));
    let journal = desk.trader.sender();
    let known = journal.journal().reader().open_perps().expect("positions");
    assert_eq!(known[0].terms.collateral, U256::from(49_775_000));
    drop(journal);
    desk.act(PerpRequest::Close { position: position.key, portion: Portion::All }).await;
    assert_eq!(desk.usdc().await - before, U256::from(2 * 74_374_897));
    let journal = desk.trader.sender();
    assert!(journal.journal().reader().open_perps().expect("positions").is_empty());
    assert!(journal.journal().reader().perps().expect("positions")[0].realised.is_some());
}

#[tokio::test]
async fn margin_goes_in_and_out_and_liquidation_moves_as_predicted() {
    let desk = Desk::open(Behaviour::faithful()).await;
    desk.act(PerpRequest::Open(eth(Side::Short))).await;
    desk.mine(2).await;
    let opened = desk.position().await;
    let add = PerpRequest::Margin { position: opened.key, change: MarginChange::Add(usd(50)) };
    let (plan, _) = desk.act(add).await;
    let added = desk.position().await;
    assert!(added.liquidation > opened.liquidation, "a short is taken above its entry");
    let predicted = plan.figure("liquidation_price").expect("figure").after.raw;
    assert!(predicted.abs_diff(added.liquidation.0) < U256::from(1_000_000), "{predicted} {}", added.liquidation.0);
    desk.mine(2).await;
    let before = desk.usdc().await;
    desk.act(PerpRequest::Margin { position: opened.key, change: MarginChange::Remove(usd(60)) }).await;
    assert_eq!(desk.usdc().await - before, usd(60).0);
    let removed = desk.position().await;
    assert!(removed.leverage > added.leverage && removed.liquidation < added.liquidation);
    let journal = desk.trader.sender();
    let known = journal.journal().reader().open_perps().expect("positions");
    assert_eq!(known[0].terms.collateral, removed.collateral.0);
    assert_eq!(known[0].terms.leverage, removed.leverage.0);
}

#[tokio::test]
async fn stop_and_target_are_set_moved_and_removed_each_alone() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let request = OpenRequest {
        stop: Some(Level::Distance(Decimal::new(2, 2))),
        target: Some(Level::Distance(Decimal::new(4, 2))),
        ..eth(Side::Long)
    };
    let (plan, _) = desk.act(PerpRequest::Open(request)).await;
    let opened = desk.position().await;
    assert_eq!(plan.figure("stop").expect("figure").after.raw, opened.stop.0);
    assert_eq!(plan.figure("target").expect("figure").after.raw, opened.target.0);
    let step = async |stop, target| {
        desk.mine(2).await;
        desk.act(PerpRequest::Levels { position: opened.key, stop, target }).await;
        desk.position().await
    };
    let moved = step(Change::To(at(2900)), Change::Keep).await;
    assert_eq!((moved.stop, moved.target), (PriceE10(e10(2900)), opened.target));
    let moved = step(Change::Keep, Change::To(at(3300))).await;
    assert_eq!((moved.stop, moved.target), (PriceE10(e10(2900)), PriceE10(e10(3300))));
    let moved = step(Change::Remove, Change::Keep).await;
    assert_eq!((moved.stop, moved.target), (PriceE10::ZERO, PriceE10(e10(3300))));
    let moved = step(Change::To(at(2950)), Change::Remove).await;
    assert_eq!(moved.stop, PriceE10(e10(2950)));
    assert!(moved.target > PriceE10(e10(10_000)), "the venue's most: {}", moved.target);
}

#[tokio::test]
async fn a_limit_order_waits_opens_at_its_price_and_is_journalled_as_a_position() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let limit = OpenRequest { entry: Entry::Limit(PriceE10(e10(2900))), ..eth(Side::Long) };
    let (_, report) = desk.act(PerpRequest::Open(limit)).await;
    assert!(matches!(report.orders[..], [(_, OrderState::Initiated)]), "{report:#?}");
    let order = report.orders[0].0.clone();
    assert_eq!(order.kind, OrderKind::LimitOpen);
    let snapshot = desk.snapshot().await;
    assert_eq!((snapshot.limits[0].price, snapshot.limits[0].margin), (PriceE10(e10(2900)), usd(100)));
    desk.price("ETH", "2890").await;
    let account = desk.trader.account;
    desk.until("fill of the limit order", async || match desk.venue.track(account, &order, None).await {
        Ok(OrderState::Filled(fill)) => Some(fill),
        _ => None,
    })
    .await;
    let sender = desk.trader.sender();
    let clock = trimtab::chain::SystemClock::new();
    trimtab::perps::resume(sender.journal(), sender.wire(), &desk.venue, &clock).await.expect("resumed");
    let known = sender.journal().reader().open_perps().expect("positions");
    let position = desk.position().await;
    assert_eq!(known[0].entry.entry_price, position.entry.0);
    assert!(sender.journal().reader().open_orders().expect("orders").is_empty());
}

#[tokio::test]
async fn a_limit_order_is_taken_back_in_full() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let before = desk.usdc().await;
    let limit = OpenRequest { entry: Entry::Limit(PriceE10(e10(3100))), ..eth(Side::Short) };
    let (_, report) = desk.act(PerpRequest::Open(limit)).await;
    assert_eq!(before - desk.usdc().await, usd(100).0);
    desk.mine(2).await;
    desk.act(PerpRequest::Cancel { order: report.orders[0].0.key }).await;
    assert_eq!(desk.usdc().await, before);
    assert!(desk.snapshot().await.limits.is_empty());
    let sender = desk.trader.sender();
    let order = sender.journal().reader().order("avantis-v1", &report.orders[0].0.id).expect("journal");
    assert_eq!(order.expect("known").state, trimtab::journal::OrderState::Cancelled);
}

#[tokio::test]
async fn target_stop_and_liquidation_are_told_apart_and_close_the_journals_position() {
    let with = |stop: Option<Level>, target: Option<Level>| OpenRequest { stop, target, ..eth(Side::Long) };
    let cases = [
        (with(None, Some(at(3100))), "3101", EndKind::Target),
        (with(Some(at(2900)), None), "2899", EndKind::Stop),
        (with(None, None), "2700", EndKind::Liquidation),
    ];
    for (request, price, kind) in cases {
        let desk = Desk::open(Behaviour::faithful()).await;
        let (plan, report) = desk.act(PerpRequest::Open(request)).await;
        let fill = filled(&report).clone();
        let account = desk.trader.account;
        assert_eq!(desk.venue.ending(account, fill.key, fill.block).await.expect("answer"), None);
        let before = desk.usdc().await;
        desk.price("ETH", price).await;
        let ending = desk
            .until("end of the position", async || {
                desk.venue.ending(account, fill.key, fill.block).await.expect("answer")
            })
            .await;
        assert_eq!(ending.kind, kind);
        assert_eq!(desk.usdc().await - before, ending.fill.paid.0);
        let predicted = |name| plan.figure(name).expect("figure").after.raw;
        match kind {
            EndKind::Target => assert_eq!(ending.fill.paid.0, predicted("paid_at_target")),
            EndKind::Stop => assert_eq!(ending.fill.paid.0, predicted("paid_at_stop")),
            _ => assert_eq!(ending.fill.paid, Usdc::ZERO),
        }
        let sender = desk.trader.sender();
        let clock = trimtab::chain::SystemClock::new();
        let mut ended = 0;
        let told = settle_endings(sender.journal(), sender.wire(), &desk.venue, &clock, |_, _| ended += 1);
        told.await.expect("settled");
        assert_eq!(ended, 1);
        assert!(sender.journal().reader().open_perps().expect("positions").is_empty());
    }
}
