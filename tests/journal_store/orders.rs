//! Orders are followed to one answer, whatever is tried in whatever order.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use trimtab::journal::{Journal, JournalError, NewOrder, Order, OrderKind, OrderState};

use crate::kit::{Desk, VENUE, at, id, new_order, new_perp, refused, simulated};

fn resolve(journal: &Journal, id: &str, state: OrderState, actual: Option<&Value>) -> Result<(), JournalError> {
    journal.resolve_order(VENUE, id, state, None, actual, at(9))
}

fn order(journal: &Journal, id: &str) -> Order {
    journal.reader().order(VENUE, id).expect("asked").expect("there")
}

#[test]
fn an_order_is_followed_from_its_intent_to_its_fill_across_a_restart() {
    let desk = Desk::new();
    let intent = simulated(&desk.journal, "open", 1);
    let new = NewOrder { intent: Some(intent), ..new_order("17", None) };
    desk.journal.record_order(&new, at(5)).expect("recorded");
    let desk = desk.restart();
    let (journal, reader) = (&desk.journal, desk.reader());
    let waiting = reader.open_orders().expect("listed");
    assert_eq!((waiting.len(), waiting[0].state, waiting[0].paper), (1, OrderState::Initiated, false));
    assert_eq!(reader.orders_of_intent(intent).expect("listed"), waiting);

    journal.resolve_order(VENUE, "17", OrderState::Unknown, Some("no answer in 90 s"), None, at(6)).expect("unknown");
    let unknown = reader.open_orders().expect("listed").pop().expect("still followed");
    assert_eq!((unknown.state, unknown.reason.as_deref()), (OrderState::Unknown, Some("no answer in 90 s")));

    let fill = json!({ "price": "3000.301037967" });
    journal.resolve_order(VENUE, "17", OrderState::Filled, None, Some(&fill), at(7)).expect("filled");
    let filled = order(journal, "17");
    assert_eq!((filled.state, filled.reason, filled.actual), (OrderState::Filled, None, Some(fill)));
    assert_eq!((filled.predicted, filled.created, filled.updated), (new.predicted, at(5), at(7)));
    assert!(reader.open_orders().expect("listed").is_empty());
    assert_eq!(reader.order("avantis-v2", "17").expect("asked"), None);
}

#[test]
fn the_same_answer_twice_is_fine_and_another_answer_is_refused() {
    let desk = Desk::new();
    let journal = &desk.journal;
    journal.record_order(&new_order("17", None), at(1)).expect("recorded");
    let cancelled = |reason, actual: Option<&Value>| {
        journal.resolve_order(VENUE, "17", OrderState::Cancelled, Some(reason), actual, at(9))
    };
    cancelled("slippage", None).expect("cancelled");
    cancelled("seen again", None).expect("the same answer");
    let refund = json!({ "refund": "100" });
    cancelled("refund seen", Some(&refund)).expect("the same answer with its figures");
    let kept = order(journal, "17");
    assert_eq!((kept.reason.as_deref(), kept.actual.as_ref()), (Some("slippage"), Some(&refund)));
    cancelled("refund seen", Some(&refund)).expect("the same figures");

    for (state, actual) in [
        (OrderState::Filled, None),
        (OrderState::Unknown, None),
        (OrderState::Initiated, None),
        (OrderState::Cancelled, Some(&json!({ "refund": "99" }))),
    ] {
        let error = refused(resolve(journal, "17", state, actual));
        assert!(
            matches!(&error, JournalError::OtherAnswer { from: OrderState::Cancelled, to, .. } if *to == state),
            "{error}"
        );
    }
    assert_eq!(order(journal, "17"), kept, "nothing changed");
}

#[test]
fn an_order_that_is_unknown_twice_or_of_unknown_parts_is_refused() {
    let desk = Desk::new();
    let journal = &desk.journal;
    let unknown = refused(resolve(journal, "5", OrderState::Filled, None));
    assert!(matches!(&unknown, JournalError::UnknownOrder { id, .. } if id == "5"), "{unknown}");
    assert_eq!(unknown.exit_code(), 2);
    let of_nothing = NewOrder { intent: Some(id("nowhere")), ..new_order("5", None) };
    assert!(matches!(refused(journal.record_order(&of_nothing, at(1))), JournalError::UnknownIntent(_)));
    let of_nothing = new_order("5", Some("s-9"));
    assert!(matches!(refused(journal.record_order(&of_nothing, at(1))), JournalError::UnknownSignal(_)));
    let of_nothing = NewOrder { position: Some(new_perp("eth", None).id), ..new_order("5", None) };
    assert!(matches!(refused(journal.record_order(&of_nothing, at(1))), JournalError::UnknownPosition(_)));
    assert_eq!(journal.reader().order(VENUE, "5").expect("asked"), None);

    journal.record_order(&new_order("5", None), at(1)).expect("recorded");
    resolve(journal, "5", OrderState::Filled, None).expect("filled");
    for kind in OrderKind::ALL {
        let again = refused(journal.record_order(&NewOrder { kind: *kind, ..new_order("5", None) }, at(2)));
        assert!(matches!(again, JournalError::DuplicateOrder { .. }) && again.exit_code() == 4, "{again}");
    }
}

#[test]
fn a_slot_takes_a_limit_order_again_after_the_earlier_one_has_ended() {
    let desk = Desk::new();
    let journal = &desk.journal;
    let limit = |price: &str| NewOrder {
        kind: OrderKind::LimitOpen,
        predicted: json!({ "price": price }),
        ..new_order("limit:0:0", None)
    };
    journal.record_order(&limit("2900"), at(1)).expect("recorded");
    assert!(matches!(refused(journal.record_order(&limit("2800"), at(2))), JournalError::DuplicateOrder { .. }));
    resolve(journal, "limit:0:0", OrderState::Unknown, None).expect("unknown");
    assert!(matches!(refused(journal.record_order(&limit("2800"), at(2))), JournalError::DuplicateOrder { .. }));
    resolve(journal, "limit:0:0", OrderState::Cancelled, None).expect("cancelled");
    journal.record_order(&limit("2800"), at(3)).expect("the slot is free");
    resolve(journal, "limit:0:0", OrderState::Filled, None).expect("the newer one");
    assert_eq!(order(journal, "limit:0:0").predicted["price"], "2800");
}

#[test]
fn an_order_of_practice_stands_in_nobodys_way() {
    let desk = Desk::new();
    desk.journal.record_order(&new_order("paper:17", None), at(1)).expect("recorded");
    desk.journal.record_order(&new_order("17", None), at(1)).expect("recorded");
    let papers: Vec<_> = desk.reader().open_orders().expect("listed").iter().map(|order| order.paper).collect();
    assert_eq!(papers, [true, false]);
}

/// Something somebody tries; numbers choose among a few names.
#[derive(Debug, Clone)]
enum Attempt {
    Begin(u8),
    Advance(u8),
    End(u8, bool),
    Link(u8, u8),
    Place(u8),
    PlaceLimit,
    Resolve(u8, OrderState, Option<u8>),
    Restart,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let state = proptest::sample::select(OrderState::ALL);
    prop_oneof![
        2 => (0..3u8).prop_map(Attempt::Begin),
        1 => (0..3u8).prop_map(Attempt::Advance),
        1 => (0..3u8, any::<bool>()).prop_map(|(saga, won)| Attempt::End(saga, won)),
        1 => (0..3u8, 0..3u8).prop_map(|(saga, intent)| Attempt::Link(saga, intent)),
        3 => (0..3u8).prop_map(Attempt::Place),
        2 => Just(Attempt::PlaceLimit),
        8 => (0..4u8, state, proptest::option::of(0..2u8)).prop_map(|(id, state, told)| Attempt::Resolve(id, state, told)),
        1 => Just(Attempt::Restart),
    ]
}

fn order_name(number: u8) -> String {
    if number == 3 { "limit:0:0".to_owned() } else { number.to_string() }
}

fn try_it(journal: &Journal, attempt: &Attempt) -> Result<(), JournalError> {
    let saga = |number: &u8| format!("s-{number}");
    match attempt {
        Attempt::Begin(n) => journal.begin_saga(&saga(n), &json!({}), false, &json!({}), "accepted", at(1)),
        Attempt::Advance(n) => journal.update_saga(&saga(n), "loop", &json!({ "step": 1 }), at(2)),
        Attempt::End(n, won) => journal.end_saga(&saga(n), if *won { "won" } else { "lost" }, &json!({}), at(3)),
        Attempt::Link(n, intent) => journal.link_intent(&saga(n), id(&intent.to_string()), "perp-open"),
        Attempt::Place(n) => journal.record_order(&new_order(&order_name(*n), Some(&saga(n))), at(4)),
        Attempt::PlaceLimit => {
            let new = NewOrder { kind: OrderKind::LimitOpen, ..new_order(&order_name(3), None) };
            journal.record_order(&new, at(4))
        }
        Attempt::Resolve(n, state, told) => {
            let actual = told.map(|price| json!({ "price": price }));
            journal.resolve_order(VENUE, &order_name(*n), *state, Some("told"), actual.as_ref(), at(5))
        }
        Attempt::Restart => Ok(()),
    }
}

/// Every record of a table, by the export: orders under earlier names in a slot are in it too.
fn records(journal: &Journal, table: &str) -> Vec<Value> {
    let mut out = Vec::new();
    journal.reader().export(&mut out, false).expect("exported");
    let text = String::from_utf8(out).expect("text");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
    lines.filter(|line| line["table"] == table).map(|line| line["record"].clone()).collect()
}

/// What is settled for good: the answer of each order with its figures, the outcome of each saga, each link.
fn settled(journal: &Journal) -> BTreeMap<String, Value> {
    let mut settled = BTreeMap::new();
    for order in records(journal, "orders") {
        if order["state"] == "filled" || order["state"] == "cancelled" {
            settled.insert(format!("state of {}", order["row"]), order["state"].clone());
            if !order["actual"].is_null() {
                settled.insert(format!("figures of {}", order["row"]), order["actual"].clone());
            }
        }
    }
    for saga in records(journal, "sagas").into_iter().filter(|saga| !saga["outcome"].is_null()) {
        settled.insert(format!("saga {}", saga["id"]), saga);
    }
    for link in records(journal, "saga_intents") {
        settled.insert(format!("link {}", link["intent"]), link);
    }
    settled
}

/// Few cases by default, each writes to the disk some forty times; `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 24;
    }
    config
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_order_of_calls_leaves_an_order_answered_two_ways_or_ends_a_saga_twice(
        attempts in vec(attempt(), 1..80)
    ) {
        let mut desk = Desk::new();
        let mut before = BTreeMap::new();
        for attempt in attempts {
            if let Attempt::Restart = attempt {
                desk = desk.restart();
            }
            let orders = records(&desk.journal, "orders");
            let outcome = try_it(&desk.journal, &attempt);
            let is_bug = matches!(outcome, Err(JournalError::Database { .. } | JournalError::NotWritable { .. }));
            prop_assert!(!is_bug, "{attempt:?}: {outcome:?}");
            let now = settled(&desk.journal);
            for (what, answer) in &before {
                prop_assert_eq!(now.get(what), Some(answer), "{} after {:?}", what, attempt);
            }
            let orders_now = records(&desk.journal, "orders");
            prop_assert!(orders_now.len() >= orders.len(), "an order is lost");
            prop_assert!(outcome.is_ok() || orders_now == orders, "{attempt:?} was refused and changed an order");
            if let (Attempt::Resolve(n, state, told), Ok(())) = (&attempt, &outcome) {
                let kept = order(&desk.journal, &order_name(*n));
                prop_assert_eq!(kept.state, *state);
                let as_told = told.is_none_or(|price| kept.actual == Some(json!({ "price": price })));
                prop_assert!(as_told, "{kept:?} after {attempt:?}");
            }
            for name in (0..4).map(order_name) {
                let waiting = orders_now.iter().filter(|order| order["id"] == name.as_str())
                    .filter(|order| order["state"] == "initiated" || order["state"] == "unknown").count();
                prop_assert!(waiting <= 1, "{} is waited for {} times", name, waiting);
            }
            let reader = desk.journal.reader();
            for saga in reader.sagas(10).expect("listed") {
                prop_assert!(reader.signal(&saga.id).expect("asked").is_some(), "a saga without its signal");
            }
            prop_assert_eq!(reader.sagas(10).expect("listed").len(), records(&desk.journal, "signals").len());
            before = now;
        }
    }
}
