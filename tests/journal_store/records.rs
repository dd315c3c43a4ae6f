//! What is kept beside intents: positions, signals, samples, events, the network; and the export of it all.

use alloy::primitives::{Address, B256, U256};
use serde_json::{Value, json};
use trimtab::{
    journal::{
        Checkpoint, Event, Journal, JournalError, LoopTerms, NewIntent, NewLoop, Origin, PositionId, Sample, Severity,
    },
    units::Wad,
};

use crate::damaged::damage;
use crate::kit::{Desk, NETWORK, account, at, id, new_intent, new_order, new_perp, refused, sign, signed, simulated};

pub(crate) fn new_loop(name: &str) -> NewLoop {
    NewLoop {
        id: PositionId::derive(at(0).wall, name.as_bytes()),
        paper: false,
        collateral: Address::repeat_byte(4),
        debt: Address::repeat_byte(8),
        terms: LoopTerms {
            e_mode: 9,
            thresholds: json!({ "trigger": "1.15", "target": "1.25" }),
            collateral_principal: U256::from(10).pow(U256::from(19)),
            debt_principal: U256::MAX,
            collateral_index: Some(U256::from(10).pow(U256::from(27))),
            debt_index: None,
        },
    }
}

#[test]
fn a_loop_is_opened_adjusted_and_closed_with_its_own_thresholds() {
    let desk = Desk::new();
    let opened_by = simulated(&desk.journal, "open", 1);
    let new = new_loop("weth/usdc");
    desk.journal.open_loop(&new, opened_by, at(5)).expect("open");
    let twice = refused(desk.journal.adopt_loop(&new_loop("again"), at(6)));
    assert!(matches!(twice, JournalError::LoopIsOpen(open) if open == new.id), "{twice}");

    let terms = LoopTerms { e_mode: 0, debt_principal: U256::from(6), ..new.terms.clone() };
    desk.journal.update_loop(new.id, &terms, at(7)).expect("adjusted");
    let open = desk.reader().open_loop_of(new.collateral, new.debt, false).expect("asked").expect("open");
    assert_eq!((open.terms, open.origin, open.opened_by), (terms.clone(), Origin::Opened, Some(opened_by)));
    assert_eq!((open.opened, open.updated, open.closed), (at(5), at(7), None));

    desk.journal.close_position(new.id, Some(opened_by), &json!({ "pnl": "-1.2" }), at(8)).expect("closed");
    assert!(desk.reader().open_loops().expect("listed").is_empty());
    assert_eq!(desk.reader().loops().expect("listed")[0].closed, Some(at(8)));
    for late in
        [desk.journal.close_position(new.id, None, &json!({}), at(9)), desk.journal.update_loop(new.id, &terms, at(9))]
    {
        assert!(matches!(refused(late), JournalError::UnknownPosition(closed) if closed == new.id));
    }
    desk.journal.adopt_loop(&new_loop("again"), at(10)).expect("the pair is free again");
    assert_eq!(desk.reader().open_loops().expect("listed")[0].origin, Origin::Adopted);
}

#[test]
fn a_signal_is_taken_once_across_restarts() {
    let desk = Desk::new();
    desk.journal.accept_signal("s-1", &json!({ "score": 95 }), false, at(1)).expect("taken");
    let desk = desk.restart();
    let replay = refused(desk.journal.accept_signal("s-1", &json!({ "score": 95 }), false, at(2)));
    assert!(matches!(&replay, JournalError::DuplicateSignal(name) if name == "s-1"), "{replay}");
    assert_eq!(desk.reader().signal("s-1").expect("asked"), Some(json!({ "score": 95 })));
    assert_eq!(desk.reader().signal("s-2").expect("asked"), None);
}

#[test]
fn events_samples_and_strategy_state_come_back_in_order() {
    let desk = Desk::new();
    for second in 0..5u64 {
        let event = Event {
            severity: Severity::Alert,
            kind: "health-factor".to_owned(),
            reason: format!("health factor 1.1{second} is below 1.15"),
            figures: json!({ "hf": format!("1.1{second}") }),
            intent: None,
            position: None,
            saga: None,
            at: at(second),
        };
        desk.journal.append_event(&event).expect("added");
        let health_factor = Some(Wad(U256::MAX - U256::from(second)));
        let sample = Sample { block_number: second, health_factor, figures: json!({ "ETH": "2500" }), at: at(second) };
        desk.journal.append_sample(&sample).expect("added");
        desk.journal.set_governor_state(false, &json!({ "losses": second }), at(second)).expect("set");
        desk.journal.append_levels("ETH/USD", None, &json!({ "lsf": second }), at(second)).expect("added");
    }
    let reader = desk.reader();
    let events = reader.events(Some(at(2).wall), 2).expect("listed");
    assert_eq!(events.iter().map(|event| event.at).collect::<Vec<_>>(), [at(3), at(4)]);
    let samples = reader.samples(None, 100).expect("listed");
    assert_eq!(samples.len(), 5);
    assert_eq!(samples[1].health_factor, Some(Wad(U256::MAX - U256::ONE)));
    assert_eq!(reader.governor_state(false).expect("asked"), Some(json!({ "losses": 4 })));
    assert_eq!(reader.governor_state(true).expect("asked"), None, "practice has its own");
    assert_eq!(reader.levels(2).expect("listed"), [json!({ "lsf": 3 }), json!({ "lsf": 4 })]);
}

#[test]
fn the_network_is_remembered_by_a_block_of_it() {
    let desk = Desk::new();
    assert_eq!(desk.journal.reader().checkpoint().expect("asked"), None);
    let checkpoint = Checkpoint {
        kind: "replica".to_owned(),
        genesis: B256::repeat_byte(1),
        number: 42,
        hash: B256::repeat_byte(2),
    };
    desk.journal.set_checkpoint(&checkpoint).expect("set");
    assert_eq!(desk.restart().reader().checkpoint().expect("asked"), Some(checkpoint));
}

#[test]
fn an_event_about_an_intent_that_does_not_exist_is_refused() {
    let desk = Desk::new();
    let event = Event {
        severity: Severity::Info,
        kind: "test".to_owned(),
        reason: String::new(),
        figures: json!({}),
        intent: Some(id("nowhere")),
        position: None,
        saga: None,
        at: at(0),
    };
    assert!(matches!(refused(desk.journal.append_event(&event)), JournalError::Database { .. }));
}

#[test]
fn a_journal_moved_to_another_network_is_refused() {
    let desk = Desk::new();
    let from = desk.journal.reader().path().to_owned();
    let Desk { dir, journal } = desk;
    drop(journal);
    let elsewhere = dir.path().join("base");
    std::fs::create_dir(&elsewhere).expect("made");
    std::fs::copy(&from, elsewhere.join(from.file_name().expect("named"))).expect("copied");
    for error in [
        Journal::open(dir.path(), "base", account()).map(drop).expect_err("practice must not leak into the real"),
        Journal::read(dir.path(), "base", account()).map(drop).expect_err("nor be shown as it"),
    ] {
        assert!(matches!(error, JournalError::WrongJournal { .. }), "{error}");
        assert_eq!(error.exit_code(), 3);
    }
}

#[test]
fn a_missing_or_damaged_journal_and_a_bad_network_name_are_told_apart() {
    let dir = tempfile::TempDir::new().expect("temporary directory");
    let read = |network: &str| Journal::read(dir.path(), network, account()).map(drop).expect_err("nothing there");
    assert!(matches!(read(NETWORK), JournalError::NoJournal { .. }));
    for name in ["", "../base", "Base", ".hidden", "a b"] {
        assert!(matches!(read(name), JournalError::BadNetworkName(_)), "{name}");
    }
    let home = dir.path().join(NETWORK);
    std::fs::create_dir(&home).expect("made");
    let path = home.join(format!("{}.sqlite", account().to_string().to_lowercase()));
    std::fs::write(&path, "this is not a database, whatever its name says; it is plain text".repeat(20))
        .expect("written");
    assert!(matches!(read(NETWORK), JournalError::Damaged { .. }));
    let error = Journal::open(dir.path(), NETWORK, account()).map(drop).expect_err("damaged");
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
}

#[test]
fn a_table_as_csv_has_its_columns_and_no_cell_is_a_formula() {
    let desk = Desk::new();
    let plan = json!({ "headline": "a, \"b\"" });
    let wanted = NewIntent { kind: "=HYPERLINK(\"http://x\")".to_owned(), plan, ..new_intent("plain", 1) };
    desk.journal.record_planned(&wanted, at(1)).expect("planned");
    let mut out = Vec::new();
    let exported = desk.reader().export_csv(&mut out, "intents", false).expect("exported");
    assert_eq!((exported.records, exported.damaged), (1, 0));
    let text = String::from_utf8(out).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    let columns: Vec<&str> = lines[0].split(',').collect();
    assert!(["id", "kind", "plan", "state"].iter().all(|column| columns.contains(column)), "{}", lines[0]);
    assert!(lines[1].contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{}", lines[1]);
    assert!(lines[1].contains(r#""{""headline"":""a, \""b\""""}""#), "{}", lines[1]);

    // What cannot be read is in it as it stands, and is named.
    damage(&desk, "UPDATE intents SET state = 'maybe'");
    let reader = desk.reader();
    let mut out = Vec::new();
    let exported = reader.export_csv(&mut out, "intents", false).expect("exported");
    assert_eq!((exported.records, exported.damaged), (1, 1));
    assert!(String::from_utf8(out).expect("text").contains(",maybe,"));
    assert_eq!(reader.damages().all()[0].column, "state");
    for table in trimtab::journal::exported_tables() {
        reader.export_csv(&mut Vec::new(), table, true).expect(table);
    }
}

#[test]
fn the_export_has_every_record_and_signed_bytes_only_when_asked() {
    let desk = Desk::new();
    signed(&desk.journal, "open", 0);
    desk.journal.adopt_loop(&new_loop("weth/usdc"), at(6)).expect("adopted");
    let opened_by = id("open");
    let begun = json!({ "loop": null });
    desk.journal.begin_saga("s-1", &json!({ "score": 95 }), false, &begun, "accepted", at(7)).expect("begun");
    desk.journal.link_intent("s-1", opened_by, "perp-open").expect("linked");
    desk.journal.record_order(&new_order("17", Some("s-1")), at(7)).expect("recorded");
    desk.journal.open_perp(&new_perp("eth", Some("s-1")), opened_by, at(7)).expect("open");
    desk.journal.set_governor_state(true, &json!({ "losses": 2 }), at(8)).expect("set");
    let lines = |with_raw: bool| -> Vec<Value> {
        let mut out = Vec::new();
        desk.reader().export(&mut out, with_raw).expect("exported");
        let text = String::from_utf8(out).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    };
    let plain = lines(false);
    assert_eq!(plain[0], json!({ "schema": "trimtab.journal-export/1", "tables": 6 }));
    let tables: Vec<_> = plain[1..].iter().map(|line| line["table"].as_str().expect("named")).collect();
    let expected = "network intents transactions signals sagas saga_intents positions positions orders governor_state";
    assert_eq!(tables.join(" "), expected, "every record comes after those it refers to");
    let record = |lines: &[Value], table: &str| {
        lines.iter().find(|line| line["table"] == table).expect("there")["record"].clone()
    };
    assert_eq!(record(&plain, "intents")["plan"]["predicted"]["leverage"], "3.0001");
    assert_eq!(record(&plain, "intents")["state"], "signed");
    assert_eq!(record(&plain, "governor_state")["state"]["losses"], 2);
    assert_eq!(record(&plain, "governor_state")["paper"], 1);
    assert_eq!(record(&plain, "sagas")["state"], json!({ "loop": null }));
    assert_eq!(record(&plain, "saga_intents")["intent"], opened_by.to_string());
    assert_eq!(record(&plain, "orders")["state"], "initiated");
    assert_eq!(record(&plain, "orders")["predicted"]["price"], "3000.3");
    let perp = plain.iter().find(|line| line["record"]["kind"] == "perp").expect("there");
    assert_eq!((&perp["record"]["signal"], &perp["record"]["entry_drift"]), (&json!("s-1"), &json!("0.0012")));
    assert_eq!(record(&plain, "positions")["debt_principal"], U256::MAX.to_string());
    assert!(record(&plain, "transactions").get("raw").is_none());
    assert_eq!(record(&lines(true), "transactions")["raw"], sign(0, 10).to_string());
}
