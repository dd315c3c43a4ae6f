//! A row that cannot be read stops that row only; one that may be in flight keeps signing refused until it is repaired.

use rusqlite::Connection;
use serde_json::json;
use trimtab::journal::{DamagedRow, IntentFilter, IntentState, Journal, JournalError, Sample};

use crate::kit::{
    Desk, NETWORK, account, at, id, inclusion, new_intent, new_order, new_perp, refused, sign, signed, simulated,
};

/// Changes rows past the tables' own checks, as a broken disk or another program does.
pub(crate) fn damage(desk: &Desk, change: &str) {
    let db = Connection::open(desk.journal.reader().path()).expect("opens");
    db.pragma_update(None, "ignore_check_constraints", true).expect("set");
    assert!(db.execute(change, []).expect(change) > 0, "{change}");
}

fn met(desk: &Desk) -> Vec<DamagedRow> {
    let reader = desk.reader();
    reader.survey().expect("looked");
    reader.damages().all()
}

fn reconciled(desk: &Desk, name: &str, nonce: u64) {
    let hash = signed(&desk.journal, name, nonce).get().hash();
    desk.journal.record_sent(hash, at(6)).expect("sent");
    let mut block = inclusion(u8::try_from(nonce).expect("small") + 1, true);
    block.block_number = nonce + 1;
    desk.journal.record_included(hash, &block, None, at(7)).expect("included");
    desk.journal.record_reconciled(id(name), &json!({}), at(8)).expect("reconciled");
}

#[test]
fn one_old_row_that_cannot_be_read_is_named_and_the_others_are_listed() {
    let changes = [
        ("plan", "UPDATE intents SET plan = '{' WHERE id = :id"),
        ("steps", "UPDATE intents SET steps = -3 WHERE id = :id"),
        ("step", "UPDATE intents SET step = 4294967295, steps = 1 WHERE id = :id"),
        ("state", "UPDATE intents SET state = 'melted' WHERE id = :id"),
        ("plan_hash", "UPDATE intents SET plan_hash = '0x12' WHERE id = :id"),
        ("created_ms", "UPDATE intents SET created_ms = 9223372036854775807 WHERE id = :id"),
        ("updated_block_time", "UPDATE intents SET updated_block_time = -1 WHERE id = :id"),
        ("actual", "UPDATE intents SET actual = '\"\\ud800\"' WHERE id = :id"),
    ];
    for (column, change) in changes {
        let desk = Desk::new();
        reconciled(&desk, "first", 0);
        reconciled(&desk, "second", 1);
        damage(&desk, &change.replace(":id", &format!("'{}'", id("first"))));
        let reader = desk.reader();
        let listed = reader.intents(&IntentFilter::default()).expect("listed");
        assert_eq!(listed.iter().map(|intent| intent.id).collect::<Vec<_>>(), [id("second")], "{column}");
        let row = reader.damages().all().pop().expect("told");
        assert_eq!((row.table.as_str(), row.id, row.column.as_str()), ("intents", id("first").to_string(), column));
        assert!(!row.problem.is_empty(), "{column}");
        assert_eq!(row.may_be_open, column == "state", "{column}");
        let shown = refused(reader.intent(id("first")));
        assert!(matches!(&shown, JournalError::DamagedRow(row) if row.column == column), "{shown}");
        assert_eq!(met(&desk).len(), 1, "{column}: told by each command alike");
        let mut lines = Vec::new();
        let exported = reader.export(&mut lines, true).expect("exported");
        assert_eq!(exported.damaged, 1, "{column}");
        let text = String::from_utf8(lines).expect("text");
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        assert!(lines.iter().any(|line| line["damaged"]["column"] == column), "{column}");
        assert!(lines.iter().any(|line| line["record"]["id"] == id("second").to_string()), "{column}");
        // What may be in flight keeps signing refused; what has ended does not.
        let next = simulated(&desk.journal, "next", 1);
        assert_eq!(desk.journal.lease_nonce(next, 2, at(9)).is_ok(), column != "state", "{column}");
    }
}

#[test]
fn damaged_rows_of_every_table_are_left_out_and_named() {
    let desk = Desk::new();
    reconciled(&desk, "open", 0);
    desk.journal.begin_saga("s-1", &json!({}), false, &json!({}), "accepted", at(1)).expect("begun");
    desk.journal.record_order(&new_order("17", None), at(1)).expect("recorded");
    desk.journal.adopt_perp(&new_perp("eth", None), at(1)).expect("adopted");
    let sample = Sample { block_number: 1, health_factor: None, figures: json!({}), at: at(1) };
    desk.journal.append_sample(&sample).expect("added");
    desk.journal.set_governor_state(false, &json!({}), at(1)).expect("set");
    let changes = [
        ("transactions", "nonce", "UPDATE transactions SET nonce = -1"),
        ("sagas", "state", "UPDATE sagas SET state = 'no json'"),
        ("orders", "state", "UPDATE orders SET state = 'maybe'"),
        ("positions", "margin", "UPDATE positions SET margin = '1e9'"),
        ("samples", "health_factor", "UPDATE samples SET health_factor = '-1'"),
        ("governor_state", "state", "UPDATE governor_state SET state = ''"),
    ];
    for (_, _, change) in changes {
        damage(&desk, change);
    }
    let met = met(&desk);
    for (table, column, _) in changes {
        let row = met.iter().find(|row| row.table == table);
        assert_eq!(row.map(|row| row.column.as_str()), Some(column), "{table} of {met:?}");
    }
    let reader = desk.reader();
    assert_eq!(reader.open_perps().expect("listed"), []);
    assert_eq!(reader.open_orders().expect("listed"), []);
    assert_eq!(reader.unreadable_orders().expect("listed")[0].id, "17", "no other is placed beside it");
    assert!(reader.damages().all().iter().all(|row| row.may_be_open), "both may be open: {:?}", reader.damages());
    assert!(refused(reader.order("avantis-v1", "17")).to_string().contains("the venue may still answer it"));
}

#[test]
fn a_loop_whose_thresholds_cannot_be_read_is_still_there_to_be_protected() {
    let desk = Desk::new();
    desk.journal.adopt_loop(&crate::records::new_loop("weth/usdc"), at(1)).expect("adopted");
    damage(&desk, "UPDATE positions SET thresholds = 'none'");
    let reader = desk.reader();
    let loops = reader.open_loops().expect("listed");
    assert_eq!(loops.len(), 1);
    assert!(loops[0].terms.thresholds.is_null(), "those of its class hold");
    assert_eq!(reader.damages().all()[0].column, "thresholds");
}

#[test]
fn an_intent_in_flight_whose_plan_is_damaged_is_followed_to_its_end_all_the_same() {
    let desk = Desk::new();
    let hash = signed(&desk.journal, "first", 0).get().hash();
    desk.journal.record_sent(hash, at(6)).expect("sent");
    damage(&desk, "UPDATE intents SET plan = '[1,'");
    let next = simulated(&desk.journal, "next", 1);
    let blocked = refused(desk.journal.lease_nonce(next, 0, at(7)));
    assert!(matches!(&blocked, JournalError::Unresolved { ids } if *ids == [id("first")]), "{blocked}");
    assert_eq!(desk.reader().unresolved().expect("listed")[0].id, id("first"));
    desk.journal.record_included(hash, &inclusion(1, true), None, at(8)).expect("included");
    assert_eq!(desk.journal.reader().intent_state(id("first")).expect("told"), IntentState::Mined);
    desk.journal.lease_nonce(next, 1, at(9)).expect("free again");
}

#[test]
fn a_state_that_is_no_word_keeps_signing_refused_until_the_chain_has_used_the_nonce() {
    let desk = Desk::new();
    let hash = signed(&desk.journal, "first", 0).get().hash();
    desk.journal.record_sent(hash, at(6)).expect("sent");
    let first = id("first").to_string();
    damage(&desk, "UPDATE intents SET state = 'snet'");
    let desk = desk.restart();
    let next = simulated(&desk.journal, "next", 1);
    for blocked in [refused(desk.journal.lease_nonce(next, 1, at(7))), refused(desk.reader().require_resolved())] {
        assert!(matches!(blocked, JournalError::UnreadableInFlight { .. }), "{blocked}");
        let said = blocked.to_string();
        assert!(said.contains(&first) && said.contains("snet") && said.contains("--set-aside"), "{said}");
        assert_eq!(blocked.exit_code(), 7);
    }
    let early = refused(desk.journal.set_aside(&first, 0, at(8)));
    assert!(early.to_string().contains("nonce 0 is not used yet"), "{early}");
    desk.journal.set_aside(&first, 1, at(8)).expect("set aside");
    assert_eq!(desk.reader().intent(id("first")).expect("readable").state, IntentState::Failed);
    desk.journal.lease_nonce(next, 1, at(9)).expect("free again");
    let again = refused(desk.journal.set_aside(&first, 1, at(9)));
    assert!(matches!(again, JournalError::NotSetAside { .. }), "{again}");
}

#[test]
fn a_transaction_of_which_nobody_can_say_how_far_it_came_keeps_signing_refused() {
    let desk = Desk::new();
    reconciled(&desk, "first", 0);
    damage(&desk, "UPDATE transactions SET state = 'lost'");
    let next = simulated(&desk.journal, "next", 1);
    let blocked = refused(desk.journal.lease_nonce(next, 1, at(9)));
    assert!(blocked.to_string().contains("transactions 1 cannot be read"), "{blocked}");
    desk.journal.set_aside("1", 1, at(9)).expect("set aside");
    let lease = desk.journal.lease_nonce(next, 1, at(9)).expect("free again");
    desk.journal.record_signed(&lease, sign(1, 10), at(9)).expect("signed");
    let nobody = refused(desk.journal.set_aside("77", 1, at(9)));
    assert!(nobody.to_string().contains("no row"), "{nobody}");
}

#[test]
fn an_intact_intent_is_not_set_aside() {
    let desk = Desk::new();
    signed(&desk.journal, "first", 0);
    let kept = refused(desk.journal.set_aside(&id("first").to_string(), 9, at(9)));
    assert!(kept.to_string().contains("`trimtab journal reconcile` settles it"), "{kept}");
    assert!(desk.journal.record_planned(&new_intent("other", 1), at(9)).is_ok());
    drop(Journal::read(desk.dir.path(), NETWORK, account()).expect("reads"));
}
