//! A journal with the tables of version 1 goes on under this program with everything that was in it.

use alloy::primitives::{Address, U256};
use rusqlite::Connection;
use serde_json::json;
use trimtab::journal::{Event, Journal, JournalError, Severity};

use crate::kit::{NETWORK, account, at, id, new_intent, new_perp, refused};

/// The steps from version to version, for good.
const STEPS: [&str; 6] = [
    include_str!("../../src/journal/migrations/0001_tables.sql"),
    include_str!("../../src/journal/migrations/0002_perps_orders_sagas.sql"),
    include_str!("../../src/journal/migrations/0003_seen_block.sql"),
    include_str!("../../src/journal/migrations/0004_loop_indices.sql"),
    include_str!("../../src/journal/migrations/0005_indexes.sql"),
    include_str!("../../src/journal/migrations/0006_perp_key.sql"),
];

/// The version that this program makes.
const CURRENT: u32 = 6;

/// A database as a program of a version left it: an open loop, a signal, an event, the governor's state.
fn journal_of(version: u32, directory: &std::path::Path) {
    let path = old_journal(directory);
    let connection = Connection::open(path).expect("opens");
    for step in &STEPS[1..version as usize] {
        connection.execute_batch(step).expect("brought on");
    }
    connection.pragma_update(None, "user_version", version).expect("set");
}

/// The same of version 1.
fn old_journal(directory: &std::path::Path) -> std::path::PathBuf {
    let home = directory.join(NETWORK);
    std::fs::create_dir(&home).expect("made");
    let path = home.join(format!("{}.sqlite", account().to_string().to_lowercase()));
    let connection = Connection::open(&path).expect("opens");
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("wal");
    connection.execute_batch(STEPS[0]).expect("version 1");
    connection.pragma_update(None, "user_version", 1).expect("set");
    let (intent, owner) = (id("old").to_string(), account().to_string());
    let (weth, usdc) = (Address::repeat_byte(4).to_string(), Address::repeat_byte(8).to_string());
    connection
        .execute("INSERT INTO network (only_row, network_id, account) VALUES (1, ?1, ?2)", (NETWORK, &owner))
        .expect("network");
    connection
        .execute(
            "INSERT INTO intents VALUES (?1, 'loop-open', 0, '{}', ?2, 1, 0, 'reconciled', NULL, '{}', 1, 2, 3, 4)",
            (&intent, alloy::primitives::B256::repeat_byte(9).to_string()),
        )
        .expect("intent");
    connection
        .execute(
            "INSERT INTO positions (id, kind, origin, paper, opened_by, thresholds, collateral, debt, e_mode,
                collateral_principal, debt_principal, opened_block_time, opened_ms, updated_block_time, updated_ms)
             VALUES (?1, 'loop', 'opened', 0, ?1, '{\"trigger\":\"1.15\"}', ?2, ?3, 0, '5', '6', 1, 2, 3, 4)",
            (&intent, &weth, &usdc),
        )
        .expect("position");
    connection.execute("INSERT INTO signals VALUES ('s-old', '{\"score\":95}', 0, 1, 2)", []).expect("signal");
    connection
        .execute(
            "INSERT INTO events (severity, kind, reason, figures, intent, position, block_time, ms)
             VALUES ('alert', 'health-factor', 'low', '{}', ?1, ?1, 1, 2)",
            [&intent],
        )
        .expect("event");
    connection.execute("INSERT INTO governor_state VALUES (1, '{\"losses\":2}', 1, 2)", []).expect("governor");
    path
}

#[test]
fn a_journal_of_each_earlier_version_is_brought_up_to_date_with_a_copy_kept_beside_it() {
    for version in 1..CURRENT {
        let dir = tempfile::TempDir::new().expect("temporary directory");
        journal_of(version, dir.path());
        let early = refused(Journal::read(dir.path(), NETWORK, account()));
        let said = format!(
            "has tables of version {version}, this program reads version {CURRENT}; run `trimtab journal reconcile`"
        );
        assert!(early.to_string().contains(&said), "{early}");
        let journal = Journal::open(dir.path(), NETWORK, account()).expect("opens");
        let migrated = journal.migrated().expect("was old").clone();
        assert_eq!((migrated.from, migrated.to), (version, CURRENT));
        let name = migrated.copy.file_name().expect("named").to_string_lossy().into_owned();
        assert!(name.contains(&format!(".schema-{version}.20")) && name.ends_with("Z.sqlite"), "{name}");
        assert!(migrated.words().contains(&name));
        let copy = Connection::open(&migrated.copy).expect("opens");
        let kept: u32 = copy.pragma_query_value(None, "user_version", |row| row.get(0)).expect("there");
        assert_eq!(kept, version, "the copy is as it was");
        assert_eq!(journal.reader().open_loops().expect("listed").len(), 1);
        assert_eq!(journal.reader().governor_state(false).expect("asked"), Some(json!({ "losses": 2 })));
        drop(journal);
        let again = Journal::open(dir.path(), NETWORK, account()).expect("opens");
        assert!(again.migrated().is_none(), "once");
        let files = std::fs::read_dir(dir.path().join(NETWORK)).expect("listed");
        let copies =
            files.filter(|file| file.as_ref().is_ok_and(|file| file.file_name().to_string_lossy().contains("schema")));
        assert_eq!(copies.count(), 1);
    }
}

#[test]
fn a_perp_of_an_earlier_journal_has_the_name_that_its_pair_and_slot_make() {
    let dir = tempfile::TempDir::new().expect("temporary directory");
    journal_of(5, dir.path());
    let home = dir.path().join(NETWORK).join(format!("{}.sqlite", account().to_string().to_lowercase()));
    let connection = Connection::open(home).expect("opens");
    let perp = "INSERT INTO positions (id, kind, origin, paper, opened_by, thresholds, venue, pair, pair_index, trade_index,
            side, margin, perp_collateral, leverage, entry_price, stop, target, guard_uses, predicted, opened_block_time,
            opened_ms, updated_block_time, updated_ms)
         VALUES (?1, 'perp', 'adopted', 0, NULL, '{}', 'avantis-v1', 'BTC/USD', 1, 7, 'long', '5', '5', '6', '7', '0', '0', 0,
            '{}', 1, 2, 3, 4)";
    connection.execute(perp, [id("perp").to_string()]).expect("a perp");
    drop(connection);
    let journal = Journal::open(dir.path(), NETWORK, account()).expect("opens");
    let found = journal.reader().open_perp_at("avantis-v1", "1:7").expect("asked").expect("found");
    assert_eq!((found.entry.pair.as_str(), found.entry.key.as_str()), ("BTC/USD", "1:7"));
}

#[test]
fn damaged_rows_of_an_old_journal_do_not_keep_it_from_being_brought_up_to_date() {
    for version in 1..CURRENT {
        let dir = tempfile::TempDir::new().expect("temporary directory");
        journal_of(version, dir.path());
        let home = dir.path().join(NETWORK).join(format!("{}.sqlite", account().to_string().to_lowercase()));
        let connection = Connection::open(home).expect("opens");
        connection.pragma_update(None, "ignore_check_constraints", true).expect("set");
        for change in [
            "UPDATE intents SET plan = '{'",
            "UPDATE positions SET thresholds = 'x'",
            "UPDATE governor_state SET state = '{'",
            "UPDATE events SET severity = 'odd'",
        ] {
            connection.execute(change, []).expect(change);
        }
        drop(connection);
        let journal = Journal::open(dir.path(), NETWORK, account()).expect("opens");
        journal.reader().survey().expect("looked");
        let tables: Vec<String> = journal.reader().damages().all().into_iter().map(|row| row.table).collect();
        assert_eq!(tables, ["events", "governor_state", "intents", "positions"], "version {version}");
    }
}

#[test]
fn a_journal_of_version_1_is_brought_up_to_date_and_loses_nothing() {
    let dir = tempfile::TempDir::new().expect("temporary directory");
    old_journal(dir.path());
    let early = refused(Journal::read(dir.path(), NETWORK, account()));
    assert!(matches!(early, JournalError::OtherVersion { found: 1, known: CURRENT, .. }), "{early}");
    assert!(early.to_string().contains("trimtab journal reconcile"), "{early}");

    let journal = Journal::open(dir.path(), NETWORK, account()).expect("opens");
    let reader = Journal::read(dir.path(), NETWORK, account()).expect("reads now");
    let old_loop = reader.open_loops().expect("listed").pop().expect("the loop is there");
    assert_eq!((old_loop.opened_by, old_loop.terms.debt_principal), (Some(id("old")), U256::from(6)));
    assert_eq!(reader.intent(id("old")).expect("there").actual, Some(json!({})));
    assert_eq!(reader.governor_state(false).expect("asked"), Some(json!({ "losses": 2 })));
    assert_eq!(reader.governor_state(true).expect("asked"), None);
    let event = reader.events(None, 9).expect("listed").pop().expect("there");
    assert_eq!((event.severity, event.position, event.saga), (Severity::Alert, Some(old_loop.id), None));

    let replay = refused(journal.begin_saga("s-old", &json!({}), false, &json!({}), "accepted", at(9)));
    assert!(matches!(replay, JournalError::DuplicateSignal(_)), "{replay}");
    journal.begin_saga("s-new", &json!({}), false, &json!({}), "accepted", at(9)).expect("begun");
    journal.record_planned(&new_intent("perp", 1), at(9)).expect("planned");
    journal.open_perp(&new_perp("eth", Some("s-new")), id("perp"), at(9)).expect("open");
    journal.append_event(&Event { saga: Some("s-new".to_owned()), ..event }).expect("added");
    journal.set_governor_state(true, &json!({ "losses": 1 }), at(9)).expect("set");
    journal.close_position(old_loop.id, None, &json!({ "pnl": "1" }), at(9)).expect("closed");
    drop(journal);
    let again = Journal::open(dir.path(), NETWORK, account()).expect("is not migrated twice");
    assert_eq!(again.reader().governor_state(false).expect("asked"), Some(json!({ "losses": 2 })));
}

#[test]
fn the_tables_refuse_half_a_perp_and_numbers_that_are_none() {
    let dir = tempfile::TempDir::new().expect("temporary directory");
    let journal = Journal::open(dir.path(), NETWORK, account()).expect("opens");
    let new = new_perp("eth", None);
    journal.adopt_perp(&new, at(1)).expect("adopted");
    let path = journal.reader().path().to_owned();
    drop(journal);
    let connection = Connection::open(path).expect("opens");
    let columns = "venue pair perp_key side margin perp_collateral leverage entry_price stop target
        guard_uses predicted";
    for column in columns.split_whitespace() {
        let result = connection.execute(&format!("UPDATE positions SET {column} = NULL"), []);
        assert!(result.is_err(), "a perp without {column}");
    }
    let wrong = "side='up' margin='-1' margin='1.5' margin='' perp_collateral='x' leverage='1e3' entry_price='0x1'
        stop='-0' target='' guard_uses=-1 predicted='{' venue='' perp_key='' half_life_s=0 entry_drift='1e-3'
        entry_confidence='-1' signal='nobody'";
    connection.pragma_update(None, "foreign_keys", true).expect("set");
    for change in wrong.split_whitespace() {
        let result = connection.execute(&format!("UPDATE positions SET {change}"), []);
        assert!(result.is_err(), "a perp with {change}");
    }
    let right = "side='short' margin='0' target='340282366920938463463374607431768211456' half_life_s=NULL";
    for change in right.split_whitespace() {
        connection.execute(&format!("UPDATE positions SET {change}"), []).expect(change);
    }
}
