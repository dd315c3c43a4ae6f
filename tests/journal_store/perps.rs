//! Perps: what is kept of them, and that a slot of the venue holds one.

use alloy::primitives::{Address, U256};
use serde_json::json;
use trimtab::journal::{
    JournalError, LoopTerms, NewLoop, NewOrder, NewPerp, OrderKind, OrderState, Origin, PerpEntry, PerpSide, PerpTerms,
    PositionId,
};

use crate::kit::{Desk, VENUE, at, id, new_order, new_perp, refused, simulated};

fn at_key(name: &str, key: &str, paper: bool) -> NewPerp {
    let new = new_perp(name, None);
    NewPerp { paper, entry: PerpEntry { key: key.to_owned(), ..new.entry.clone() }, ..new }
}

#[test]
fn a_perp_is_opened_adjusted_and_closed_and_keeps_what_its_exits_need() {
    let desk = Desk::new();
    let opened_by = simulated(&desk.journal, "open", 1);
    desk.journal.accept_signal("s-1", &json!({ "score": 95 }), false, at(4)).expect("taken");
    let new = new_perp("eth", Some("s-1"));
    desk.journal.open_perp(&new, opened_by, at(5)).expect("open");

    let desk = desk.restart();
    let open = desk.reader().open_perp_at(VENUE, "0:0").expect("asked").expect("open");
    assert_eq!((&open.entry, &open.terms), (&new.entry, &new.terms));
    assert_eq!((open.id, open.origin, open.paper, open.opened_by), (new.id, Origin::Opened, false, Some(opened_by)));
    assert_eq!((open.opened, open.updated, open.closed), (at(5), at(5), None));
    assert_eq!(desk.reader().open_perp_at(VENUE, "0:1").expect("asked"), None);
    assert_eq!(desk.reader().open_perp_at("avantis-v2", "0:0").expect("asked"), None);

    let terms = PerpTerms {
        collateral: U256::from(49_775_000),
        leverage: U256::from(200_000_000_000u64),
        stop: U256::MAX,
        target: U256::from(1),
        guard_uses: 1,
    };
    desk.journal.update_perp(new.id, &terms, at(7)).expect("adjusted");
    let adjusted = desk.reader().open_perps().expect("listed").pop().expect("open");
    assert_eq!((&adjusted.terms, adjusted.updated), (&terms, at(7)));
    assert_eq!(adjusted.entry, new.entry, "the entry stays");

    desk.journal.close_position(new.id, None, &json!({ "pnl": "24.8" }), at(8)).expect("closed by the venue");
    assert!(desk.reader().open_perps().expect("listed").is_empty());
    assert_eq!(desk.reader().open_perp_at(VENUE, "0:0").expect("asked"), None);
    let closed = desk.reader().perp(new.id).expect("asked").expect("kept");
    assert_eq!((closed.closed, closed.closed_by, closed.realised), (Some(at(8)), None, Some(json!({ "pnl": "24.8" }))));
    let late = refused(desk.journal.update_perp(new.id, &terms, at(9)));
    assert!(matches!(late, JournalError::UnknownPosition(closed) if closed == new.id), "{late}");
}

#[test]
fn a_slot_of_the_venue_holds_one_open_perp_and_practice_takes_none() {
    let desk = Desk::new();
    let first = at_key("first", "0:0", false);
    desk.journal.adopt_perp(&first, at(1)).expect("adopted");
    let taken = refused(desk.journal.adopt_perp(&at_key("second", "0:0", false), at(2)));
    assert!(matches!(taken, JournalError::PerpIsOpen(open) if open == first.id), "{taken}");
    assert_eq!(taken.exit_code(), 4);

    desk.journal.adopt_perp(&at_key("next", "0:1", false), at(2)).expect("another slot");
    for name in ["practice", "practice again"] {
        desk.journal.adopt_perp(&at_key(name, "0:0", true), at(2)).expect("practice has no slots");
    }
    let open = desk.reader().open_perp_at(VENUE, "0:0").expect("asked").expect("open");
    assert_eq!((open.id, open.origin), (first.id, Origin::Adopted));

    desk.journal.close_position(first.id, None, &json!({}), at(3)).expect("closed");
    desk.journal.adopt_perp(&at_key("second", "0:0", false), at(4)).expect("the slot is free again");
    assert_eq!(desk.reader().open_perps().expect("listed").len(), 4);
    assert_eq!(desk.reader().perps().expect("listed").len(), 5);
    let again = refused(desk.journal.adopt_perp(&at_key("first", "0:5", false), at(5)));
    assert!(matches!(again, JournalError::DuplicatePosition(known) if known == first.id), "{again}");
}

#[test]
fn a_perp_of_an_unknown_intent_or_signal_is_refused_and_leaves_nothing() {
    let desk = Desk::new();
    let unknown = refused(desk.journal.open_perp(&new_perp("eth", None), id("nowhere"), at(1)));
    assert!(matches!(unknown, JournalError::UnknownIntent(_)), "{unknown}");
    let unknown = refused(desk.journal.adopt_perp(&new_perp("eth", Some("s-9")), at(1)));
    assert!(matches!(&unknown, JournalError::UnknownSignal(signal) if signal == "s-9"), "{unknown}");
    assert_eq!(unknown.exit_code(), 2);
    let late = refused(desk.journal.update_perp(new_perp("eth", None).id, &new_perp("eth", None).terms, at(1)));
    assert!(matches!(late, JournalError::UnknownPosition(_)), "{late}");
    assert!(desk.reader().perps().expect("listed").is_empty());
}

#[test]
fn loops_and_perps_are_not_taken_for_each_other() {
    let desk = Desk::new();
    let new = new_perp("eth", None);
    desk.journal.adopt_perp(&new, at(1)).expect("adopted");
    let terms = LoopTerms {
        e_mode: 0,
        thresholds: json!({}),
        collateral_principal: U256::from(1),
        debt_principal: U256::from(1),
        collateral_index: None,
        debt_index: None,
    };
    let refusal = refused(desk.journal.update_loop(new.id, &terms, at(2)));
    assert!(matches!(refusal, JournalError::UnknownPosition(_)), "{refusal}");
    let (collateral, debt) = (Address::repeat_byte(4), Address::repeat_byte(8));
    let of_loop = PositionId::derive(at(0).wall, b"weth/usdc");
    let new_loop = NewLoop { id: of_loop, paper: false, collateral, debt, terms };
    desk.journal.adopt_loop(&new_loop, at(2)).expect("adopted");
    let refusal = refused(desk.journal.update_perp(of_loop, &new.terms, at(3)));
    assert!(matches!(refusal, JournalError::UnknownPosition(_)), "{refusal}");
    let closes_a_loop = NewOrder { position: Some(of_loop), kind: OrderKind::Close, ..new_order("3", None) };
    let refusal = refused(desk.journal.record_order(&closes_a_loop, at(3)));
    assert!(matches!(refusal, JournalError::UnknownPosition(_)), "{refusal}");
    let reader = desk.reader();
    assert_eq!((reader.open_loops().expect("listed").len(), reader.open_perps().expect("listed").len()), (1, 1));
}

#[test]
fn a_fill_that_is_found_again_after_a_crash_is_recorded_once() {
    let desk = Desk::new();
    let opened_by = simulated(&desk.journal, "open", 1);
    desk.journal.record_order(&NewOrder { intent: Some(opened_by), ..new_order("17", None) }, at(4)).expect("placed");
    let new = new_perp("eth", None);
    desk.journal.open_perp(&new, opened_by, at(5)).expect("open");

    // Killed before the order was resolved: it is followed again.
    let desk = desk.restart();
    let waiting = desk.reader().open_orders().expect("listed").pop().expect("waits");
    assert_eq!((waiting.id.as_str(), waiting.position), ("17", Some(new.id)), "the order knows its position");
    let again = refused(desk.journal.open_perp(&new, opened_by, at(6)));
    assert!(matches!(again, JournalError::PerpIsOpen(open) if open == new.id), "{again}");
    desk.journal.resolve_order(VENUE, "17", OrderState::Filled, None, None, at(6)).expect("resolved");
    assert_eq!(desk.reader().perps().expect("listed").len(), 1);
}

#[test]
fn a_short_without_forecast_stop_or_target_comes_back_as_such() {
    let desk = Desk::new();
    let mut new = new_perp("eth", None);
    new.entry.side = PerpSide::Short;
    new.entry.opened_order = None;
    (new.entry.drift, new.entry.confidence, new.entry.half_life_s) = (None, None, None);
    new.terms.stop = U256::ZERO;
    desk.journal.adopt_perp(&new, at(1)).expect("adopted");
    let back = desk.reader().perp(new.id).expect("asked").expect("there");
    assert_eq!((back.entry, back.terms), (new.entry, new.terms));
}
