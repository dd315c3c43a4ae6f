//! `journal`: old tables, damaged rows, backups and pruning, and how long it takes when there is much of it.

use std::{path::PathBuf, time::Instant};

use alloy::primitives::B256;
use rusqlite::Connection;
use serde_json::{Value, json};
use trimtab::{
    journal::{IntentId, Journal, NewIntent, Stamp},
    units::{Millis, Secs},
};

use crate::{
    large::{self, Size},
    trader::{Program, Trader},
};

/// The steps to the tables of the version before this program's.
const EARLIER: [&str; 4] = [
    include_str!("../../src/journal/migrations/0001_tables.sql"),
    include_str!("../../src/journal/migrations/0002_perps_orders_sagas.sql"),
    include_str!("../../src/journal/migrations/0003_seen_block.sql"),
    include_str!("../../src/journal/migrations/0004_loop_indices.sql"),
];

fn at(step: u64) -> Stamp {
    Stamp { block_time: Secs(1_767_225_600 + step), wall: Millis(1_767_225_600_000 + step * 1_000) }
}

fn place(trader: &Trader) -> PathBuf {
    Journal::place(trader.journals.path(), trader.identity.id().as_str(), trader.account).expect("a place").0
}

fn old_journal(trader: &Trader, version: u32) {
    let path = place(trader);
    std::fs::create_dir_all(path.parent().expect("directory")).expect("made");
    let db = Connection::open(path).expect("opens");
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(())).expect("wal");
    EARLIER.iter().take(version as usize).for_each(|step| db.execute_batch(step).expect("made"));
    db.pragma_update(None, "user_version", version).expect("set");
    let owner = (trader.identity.id().as_str().to_owned(), trader.account.to_string());
    db.execute("INSERT INTO network (only_row, network_id, account) VALUES (1, ?1, ?2)", owner).expect("owner");
}

/// Two intents that ended long ago.
fn two_intents(trader: &Trader) -> [IntentId; 2] {
    let journal =
        Journal::open(trader.journals.path(), trader.identity.id().as_str(), trader.account).expect("a journal");
    ["first", "other"].map(|name| {
        let id = IntentId::derive(at(0).wall, name.as_bytes());
        let kind = "loop-open".to_owned();
        let intent = NewIntent { id, kind, paper: false, plan: json!({}), plan_hash: B256::ZERO, steps: 1 };
        journal.record_planned(&intent, at(1)).expect("planned");
        journal.record_refused(id, "a test", at(2)).expect("ended");
        id
    })
}

fn reading(trader: &Trader) -> Program {
    let from = trader.account.to_string();
    Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url(), "--from", &from])
}

#[tokio::test]
async fn an_old_journal_is_told_alike_by_every_command_and_reconcile_brings_it_up_to_date() {
    let trader = Trader::start().await;
    old_journal(&trader, 2);
    let said = "has tables of version 2, this program reads version 6; run `trimtab journal reconcile`, it brings them up to date";
    for command in ["journal list", "journal export", "journal backup b.sqlite", "status", "perp list"] {
        reading(&trader).run(command).await.fails(3, &[said]);
    }
    trader.program().run("pause").await.fails(3, &[said]);
    trader.program().run("doctor").await.fails(3, &[]).shows(&[said]);
    let done = reading(&trader).run("journal reconcile --json").await;
    let json = done.succeeds().json();
    assert!(done.stderr.contains("tables brought from version 2 to 6; the file as it was is "), "{done:#?}");
    let copy = json["migrated"]["copy"].as_str().expect("named");
    assert!(copy.contains(".schema-2.") && std::path::Path::new(copy).exists(), "{copy}");
    reading(&trader).run("journal list").await.succeeds().shows(&["nothing yet"]);
    reading(&trader).run("journal reconcile").await.succeeds();
}

#[tokio::test]
async fn a_watch_that_starts_after_an_update_brings_the_journal_up_to_date_and_protects() {
    let trader = Trader::start().await;
    old_journal(&trader, 4);
    let done = trader.program().run("watch --once").await;
    assert!(matches!(done.code, Some(0 | 8)), "{done:#?}");
    let version: u32 = Connection::open(place(&trader))
        .and_then(|db| db.pragma_query_value(None, "user_version", |row| row.get(0)))
        .expect("there");
    assert_eq!(version, 6);
}

#[tokio::test]
async fn a_damaged_old_row_is_named_by_every_command_and_stops_none() {
    let trader = Trader::start().await;
    let [first, other] = two_intents(&trader);
    let db = Connection::open(place(&trader)).expect("opens");
    db.pragma_update(None, "ignore_check_constraints", true).expect("set");
    db.execute("UPDATE intents SET plan = '{' WHERE id = ?1", [first.to_string()]).expect("damaged");
    drop(db);
    let named = format!("warning: journal: intents {first} cannot be read and is left out: plan: ");
    for command in ["journal list", "status", "perp list", "journal reconcile", "journal export -o out.jsonl"] {
        let shown = reading(&trader).run(command).await;
        shown.succeeds();
        assert!(shown.stderr.contains(&named), "{command}: {shown:#?}");
    }
    for command in ["journal list --json", "status --json", "journal reconcile --json"] {
        let json = reading(&trader).run(command).await.succeeds().json();
        assert_eq!(json["damaged"][0]["id"], first.to_string(), "{command}");
        assert_eq!(json["damaged"][0]["column"], "plan", "{command}");
    }
    let listed = reading(&trader).run("journal list --json").await.succeeds().json();
    let ids: Vec<&Value> = listed["intents"].as_array().expect("a list").iter().map(|intent| &intent["id"]).collect();
    assert_eq!(ids, [&json!(other.to_string())]);
    reading(&trader).run(&format!("journal show {first}")).await.fails(3, &["plan: "]);
    reading(&trader).run(&format!("journal show {other}")).await.succeeds();
    let watched = trader.program().run("watch --once").await;
    assert!(matches!(watched.code, Some(0 | 8)), "{watched:#?}");
    reading(&trader).run("doctor").await.shows(&["warn  journal: ", "cannot be read"]);
}

#[tokio::test]
async fn a_state_that_cannot_be_read_is_told_with_its_repair_and_repaired() {
    let trader = Trader::start().await;
    let [first, _] = two_intents(&trader);
    let db = Connection::open(place(&trader)).expect("opens");
    db.pragma_update(None, "ignore_check_constraints", true).expect("set");
    db.execute("UPDATE intents SET state = 'snet' WHERE id = ?1", [first.to_string()]).expect("damaged");
    drop(db);
    let repair = format!("nothing new is signed: `trimtab journal reconcile --set-aside {first}`");
    for command in ["journal list", "status", "journal reconcile"] {
        let shown = reading(&trader).run(command).await;
        assert!(shown.stderr.contains(&repair), "{command}: {shown:#?}");
    }
    reading(&trader).run(&format!("journal reconcile --set-aside {first}")).await.succeeds();
    let shown = reading(&trader).run("journal list").await;
    assert!(!shown.succeeds().stderr.contains("cannot be read"), "{shown:#?}");
    shown.shows(&["set aside"]);
}

#[tokio::test]
async fn a_journal_is_backed_up_pruned_and_restored() {
    let trader = Trader::start().await;
    let [first, _] = two_intents(&trader);
    let made = reading(&trader).run("journal backup kept.sqlite --json").await.succeeds().json();
    assert_eq!(made["backup"]["intents"], 2);
    reading(&trader).run("journal backup kept.sqlite").await.fails(9, &["kept.sqlite", "exists"]);
    reading(&trader).run("journal prune --before 2999-01-01").await.fails(2, &["--before is in the future"]);
    reading(&trader).run("journal prune --before monday").await.fails(2, &["2026-01-31"]);
    let would = reading(&trader).run("journal prune --before 2026-02-01 --dry-run --json").await.succeeds().json();
    assert_eq!((&would["dry_run"], &would["pruned"]["kept"]), (&json!(true), &json!(2)), "the newest stay");
    reading(&trader)
        .run("journal prune --before 2026-02-01")
        .await
        .succeeds()
        .shows(&["0 intents", "2 ended intents stay"]);
    let holder = Journal::open(trader.journals.path(), trader.identity.id().as_str(), trader.account).expect("held");
    reading(&trader).run("journal restore kept.sqlite").await.fails(9, &["is in use by process"]);
    reading(&trader).run("journal prune --before 2026-02-01").await.fails(9, &["is in use by process"]);
    drop(holder);
    let done = reading(&trader).run("journal restore kept.sqlite --json").await.succeeds().json();
    assert!(std::path::Path::new(done["restored"]["replaced"].as_str().expect("kept")).exists());
    reading(&trader).run(&format!("journal show {first}")).await.succeeds();
}

/// `TRIMTAB_JOURNAL_MB=1000 cargo nextest run --test cli_reading --run-ignored only -E 'test(large_journal)' --no-capture`
#[tokio::test]
#[ignore = "writes a large journal and prints times; docs/performance.md has the command"]
async fn commands_on_a_large_journal_are_timed() {
    let trader = Trader::start().await;
    let megabytes = std::env::var("TRIMTAB_JOURNAL_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    let id = two_intents(&trader)[0];
    let commands = [
        "journal list".to_owned(),
        format!("journal show {id}"),
        "status".to_owned(),
        "perp list".to_owned(),
        "journal reconcile".to_owned(),
        "journal prune --before 2026-01-02 --dry-run".to_owned(),
    ];
    let mut times: Vec<Vec<u128>> = Vec::new();
    for round in 0..2 {
        if round == 1 {
            large::write(
                trader.journals.path(),
                trader.identity.id().as_str(),
                trader.account,
                Size::megabytes(megabytes),
            );
            println!("journal of {} MB", std::fs::metadata(place(&trader)).expect("there").len() / 1_000_000);
        }
        let mut taken = Vec::new();
        for command in &commands {
            let start = Instant::now();
            reading(&trader).run(command).await.succeeds();
            taken.push(start.elapsed().as_millis());
        }
        times.push(taken);
    }
    for (index, command) in commands.iter().enumerate() {
        println!("| {command:<60} | {:>6} ms | {:>6} ms |", times[0][index], times[1][index]);
    }
}
