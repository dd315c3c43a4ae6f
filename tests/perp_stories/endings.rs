//! Ends of orders and positions: looked for once, believed only when they are deep enough.

use alloy::primitives::U256;
use serde_json::{Value, json};
use trimtab::{
    chain::{Reader, SystemClock},
    journal::{NewPerp, PerpEntry, PerpPosition, PositionId, Stamp},
    localchain::Behaviour,
    perps::{
        EndKind, Level, LeverageE10, LikelyReason, OpenRequest, OrderState, PerpRequest, PerpVenue, PriceE10, Side,
        Usdc, resume, settle_endings,
    },
    units::Millis,
};

use crate::{
    desk::{Desk, e10, eth, filled, impatient},
    orders::{cancelled, place},
    trader::{USDC, units},
};

fn with_target(dollars: u64) -> PerpRequest {
    PerpRequest::Open(OpenRequest { target: Some(Level::Price(PriceE10(e10(dollars)))), ..eth(Side::Long) })
}

async fn pass(desk: &Desk, seconds: u64) {
    let _: Value = desk.trader.replica.request("evm_increaseTime", json!([seconds])).await.expect("anvil");
    desk.mine(1).await;
}

/// The journal's positions after a look at which of them have ended.
async fn look(desk: &Desk) -> (usize, Vec<PerpPosition>) {
    let sender = desk.trader.sender();
    let clock = SystemClock::new();
    let mut ended = 0;
    let told = settle_endings(sender.journal(), sender.wire(), &desk.venue, &clock, |_, _| ended += 1);
    told.await.expect("settled");
    (ended, sender.journal().reader().perps().expect("positions"))
}

#[tokio::test]
async fn a_look_at_an_open_position_is_remembered_and_the_next_one_starts_there() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let (_, report) = desk.act(with_target(3100)).await;
    let fill = filled(&report).clone();
    desk.mine(400).await;
    let head = Reader::head(&desk.trader.endpoints).await.expect("head").number;
    let (ended, positions) = look(&desk).await;
    assert_eq!(ended, 0);
    let seen = positions[0].seen_block.expect("remembered");
    assert!(seen > fill.block && seen >= head - 321 && seen <= head, "{seen} of {head}, filled in {}", fill.block);
    desk.price("ETH", "3101").await;
    desk.until("end of the position", async || {
        (desk.venue.ending(desk.trader.account, fill.key, seen).await.expect("answer")).map(drop)
    })
    .await;
    let (ended, positions) = look(&desk).await;
    assert_eq!((ended, positions[0].realised.is_some()), (1, true));
}

#[tokio::test]
async fn the_end_of_a_position_is_found_though_another_one_is_in_its_slot_by_now() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let (_, report) = desk.act(with_target(3100)).await;
    let first = filled(&report).clone();
    assert_eq!(desk.position().await.opened, first.at, "a position's age counts from its fill");
    pass(&desk, 30).await;
    desk.price("ETH", "3101").await;
    desk.until("end of the position", async || desk.snapshot().await.positions.is_empty().then_some(())).await;
    pass(&desk, 30).await;
    let (_, report) = desk.act(with_target(3500)).await;
    let second = filled(&report).clone();
    assert_eq!(second.key, first.key, "the slot is used again");
    let ask = async |since| desk.venue.ending(desk.trader.account, first.key, since).await.expect("answer");
    assert_eq!(ask(first.block).await.expect("ended").kind, EndKind::Target);
    assert_eq!(ask(second.block).await, None);
}

#[tokio::test]
async fn a_position_counts_from_its_fill_however_long_the_keeper_took() {
    let desk = Desk::open(Behaviour::stopped()).await;
    let plan = desk.plan(&PerpRequest::Open(eth(Side::Long))).await.expect("plan");
    let report = desk.execute(plan, impatient()).await.expect("placed");
    pass(&desk, 20).await;
    desk.keeper.behave(Behaviour::faithful());
    desk.until("fill", async || desk.snapshot().await.positions.pop()).await;
    let order = &report.orders[0].0;
    let state = desk.venue.track(desk.trader.account, order, None).await.expect("answer");
    let OrderState::Filled(fill) = state else { panic!("{state:?}") };
    assert!(fill.at.0 >= order.placed.0 + 20);
    assert_eq!(desk.position().await.opened, fill.at);
}

#[tokio::test]
async fn an_adopted_position_is_looked_for_from_its_adoption_on() {
    let desk = Desk::open(Behaviour::faithful()).await;
    let (_, report) = desk.act(with_target(3100)).await;
    let fill = filled(&report).clone();
    let sender = desk.trader.sender();
    let journal = sender.journal();
    let known = journal.reader().open_perps().expect("positions").remove(0);
    let head = Reader::head(&desk.trader.endpoints).await.expect("head");
    let stamp = Stamp { block_time: head.timestamp, wall: Millis(1) };
    // As a journal has it that did not see it opened.
    journal.close_position(known.id, None, &json!({}), stamp).expect("forgotten");
    let entry = PerpEntry { predicted: json!({}), opened_order: None, ..known.entry };
    let id = PositionId::derive(Millis(2), b"adopted");
    journal.adopt_perp(&NewPerp { id, paper: false, entry, terms: known.terms }, stamp).expect("adopted");
    drop(sender);
    assert_eq!(look(&desk).await.0, 0);
    desk.price("ETH", "3101").await;
    desk.until("end of the position", async || {
        (desk.venue.ending(desk.trader.account, fill.key, fill.block).await.expect("answer")).map(drop)
    })
    .await;
    assert_eq!(look(&desk).await.0, 1);
}

#[tokio::test]
async fn a_fill_whose_block_is_replaced_was_never_believed() {
    let mut desk = Desk::open(Behaviour::stopped()).await;
    desk.venue = desk.venue.with_depth(2);
    let plan = desk.plan(&PerpRequest::Open(eth(Side::Long))).await.expect("plan");
    let report = desk.execute(plan, impatient()).await.expect("placed");
    let order = report.orders[0].0.clone();
    desk.keeper.behave(Behaviour::faithful());
    desk.until("fill", async || desk.snapshot().await.positions.pop()).await;
    desk.keeper.behave(Behaviour::stopped());
    let track = async || desk.venue.track(desk.trader.account, &order, None).await.expect("answer");
    let shallow = track().await;
    assert!(
        matches!(&shallow, OrderState::Unknown { reason } if reason.contains("of the 2 waited for")),
        "{shallow:?}"
    );
    let positions = async || {
        let sender = desk.trader.sender();
        resume(sender.journal(), sender.wire(), &desk.venue, &SystemClock::new()).await.expect("resumed");
        sender.journal().reader().perps().expect("positions").len()
    };
    assert_eq!(positions().await, 0, "nothing is recorded that may still go");
    let _: Value = desk.trader.replica.request("anvil_reorg", json!([1, []])).await.expect("another block");
    assert!(desk.snapshot().await.positions.is_empty(), "the keeper's transaction is gone with its block");
    assert_eq!(track().await, OrderState::Initiated);
    assert_eq!(positions().await, 0);

    desk.keeper.behave(Behaviour::faithful());
    desk.until("fill", async || desk.snapshot().await.positions.pop()).await;
    desk.mine(2).await;
    assert!(matches!(track().await, OrderState::Filled(_)));
    assert_eq!(positions().await, 1);
    assert_eq!(positions().await, 1, "once");
}

#[tokio::test]
async fn an_order_beyond_the_open_interest_that_is_left_is_cancelled_refunded_and_explained() {
    let desk = Desk::open(Behaviour::stopped()).await;
    desk.trader.give(USDC, units(200_000, 6)).await;
    let snapshot = desk.snapshot().await;
    let [room, _] = snapshot.pair("ETH/USD").expect("pair").room;
    // Two orders of three fifths of what is left, the first by other means, so that both wait at the same time.
    let leverage = 50u64;
    let margin = room.0 * U256::from(3) / U256::from(5 * leverage);
    place(&desk, 0, margin, leverage).await;
    let request = OpenRequest { margin: Usdc(margin), leverage: LeverageE10(e10(leverage)), ..eth(Side::Long) };
    let plan = desk.plan(&PerpRequest::Open(request)).await.expect("within what is left when it is planned");
    let before = desk.usdc().await;
    let report = desk.execute(plan, impatient()).await.expect("placed");
    assert_eq!(before - desk.usdc().await, margin);
    desk.keeper.behave(Behaviour::faithful());
    let order = report.orders[0].0.clone();
    let state = desk
        .until("end of the order", async || {
            let state = desk.venue.track(desk.trader.account, &order, None).await.expect("answer");
            state.is_final().then_some(state)
        })
        .await;
    let (refund, reason) = cancelled(&state);
    assert_eq!((refund, desk.usdc().await), (margin, before));
    let LikelyReason::Exposure { notional, room: left } = reason else { panic!("{reason:?}") };
    assert_eq!(notional.0, margin * U256::from(leverage));
    assert!(left < notional, "{left} of {room}");
    assert_eq!(desk.snapshot().await.positions.len(), 1);
}
