//! Sagas: a signal is taken once with its saga, by one process, and its intents are found again after a crash.

use std::{
    collections::BTreeMap,
    env,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;
use trimtab::journal::{Event, Journal, JournalError, SagaIntent, Severity};

use crate::kit::{Desk, NETWORK, account, at, id, new_intent, refused, simulated};

/// Set for the children: where the journal is that they share.
const CHILD: &str = "TRIMTAB_TEST_SIGNAL_FOLLOWER";

const SIGNALS: usize = 6;

#[test]
fn a_saga_is_begun_with_its_signal_advanced_and_ended() {
    let desk = Desk::new();
    let body = json!({ "score": 95 });
    desk.journal.begin_saga("s-1", &body, false, &json!({ "loop": null }), "accepted", at(1)).expect("begun");
    desk.journal.begin_saga("s-2", &body, true, &json!({}), "accepted", at(2)).expect("begun");
    let desk = desk.restart();
    desk.journal.update_saga("s-1", "loop", &json!({ "loop": "planned" }), at(3)).expect("advanced");
    let reader = desk.reader();
    let open = reader.open_sagas().expect("listed");
    assert_eq!(
        open.iter().map(|saga| (saga.id.as_str(), saga.paper)).collect::<Vec<_>>(),
        [("s-1", false), ("s-2", true)]
    );
    let saga = reader.saga("s-1").expect("asked").expect("there");
    assert_eq!((saga.phase.as_str(), &saga.state), ("loop", &json!({ "loop": "planned" })));
    assert_eq!((saga.created, saga.updated, saga.ended, saga.outcome), (at(1), at(3), None, None));
    assert_eq!(reader.signal("s-1").expect("asked"), Some(body));

    desk.journal.end_saga("s-1", "target", &json!({ "pnl": "8.7" }), at(4)).expect("ended");
    let ended = reader.saga("s-1").expect("asked").expect("there");
    assert_eq!((ended.phase.as_str(), ended.outcome.as_deref(), ended.ended), ("loop", Some("target"), Some(at(4))));
    assert_eq!(reader.open_sagas().expect("listed").len(), 1);
    assert_eq!(reader.sagas(1).expect("listed")[0].id, "s-2", "the newest first");
    assert_eq!(reader.sagas(9).expect("listed").len(), 2);

    for late in [
        desk.journal.update_saga("s-1", "again", &json!({}), at(5)),
        desk.journal.end_saga("s-1", "stop", &json!({}), at(5)),
        desk.journal.end_saga("s-1", "target", &json!({ "pnl": "8.7" }), at(5)),
        desk.journal.link_intent("s-1", id("late"), "perp-open"),
    ] {
        let error = refused(late);
        assert!(matches!(&error, JournalError::SagaIsOver { outcome, .. } if outcome == "target"), "{error}");
    }
    assert_eq!(reader.saga("s-1").expect("asked"), Some(ended), "what became of it stays");
}

#[test]
fn a_signal_that_was_taken_before_begins_no_saga() {
    let desk = Desk::new();
    desk.journal.begin_saga("s-1", &json!({ "score": 95 }), false, &json!({}), "accepted", at(1)).expect("begun");
    desk.journal.accept_signal("s-2", &json!({ "score": 60 }), false, at(1)).expect("taken");
    let before = desk.reader().saga("s-1").expect("asked");
    let desk = desk.restart();
    for name in ["s-1", "s-2"] {
        let body = json!({ "score": 1 });
        let replay = refused(desk.journal.begin_saga(name, &body, true, &json!({ "x": 1 }), "again", at(2)));
        assert!(matches!(&replay, JournalError::DuplicateSignal(signal) if signal == name), "{replay}");
        assert_eq!(replay.exit_code(), 4);
        let late = refused(desk.journal.accept_signal(name, &body, false, at(2)));
        assert!(matches!(late, JournalError::DuplicateSignal(_)), "{late}");
        assert_ne!(desk.reader().signal(name).expect("asked"), Some(body), "the first body stays");
    }
    assert_eq!(desk.reader().saga("s-1").expect("asked"), before);
    assert_eq!(desk.reader().saga("s-2").expect("asked"), None);
}

#[test]
fn an_intent_is_linked_before_it_exists_and_found_from_both_sides() {
    let desk = Desk::new();
    for name in ["s-1", "s-2"] {
        desk.journal.begin_saga(name, &json!({}), false, &json!({}), "accepted", at(1)).expect("begun");
    }
    desk.journal.link_intent("s-1", id("loop"), "loop").expect("linked");
    // Killed here: the saga names an intent of which nothing was done, and makes it again under the same id.
    let desk = desk.restart();
    let link = SagaIntent { saga: "s-1".to_owned(), intent: id("loop"), role: "loop".to_owned() };
    assert_eq!(desk.reader().intents_of_saga("s-1").expect("listed").first(), Some(&link));
    assert!(matches!(desk.reader().intent(id("loop")), Err(JournalError::UnknownIntent(_))));
    desk.journal.link_intent("s-1", id("loop"), "loop").expect("the same link again");
    desk.journal.record_planned(&new_intent("loop", 1), at(2)).expect("planned");
    desk.journal.link_intent("s-1", id("perp"), "perp-open").expect("linked");

    let reader = desk.reader();
    let roles: Vec<_> = reader.intents_of_saga("s-1").expect("listed").into_iter().map(|link| link.role).collect();
    assert_eq!(roles, ["loop", "perp-open"]);
    assert_eq!(reader.saga_of_intent(id("loop")).expect("asked"), Some(link.clone()));
    assert_eq!(reader.saga_of_intent(id("by hand")).expect("asked"), None);
    for other in
        [desk.journal.link_intent("s-2", id("loop"), "loop"), desk.journal.link_intent("s-1", id("loop"), "restore")]
    {
        let error = refused(other);
        assert!(matches!(&error, JournalError::IntentIsLinked(known) if *known == link), "{error}");
    }
}

#[test]
fn a_saga_that_was_never_begun_is_not_changed() {
    let desk = Desk::new();
    desk.journal.accept_signal("s-2", &json!({}), false, at(1)).expect("taken without a saga");
    for unknown in [
        desk.journal.update_saga("s-1", "loop", &json!({}), at(2)),
        desk.journal.end_saga("s-2", "target", &json!({}), at(2)),
        desk.journal.link_intent("s-2", id("loop"), "loop"),
    ] {
        let error = refused(unknown);
        assert!(matches!(error, JournalError::UnknownSaga(_)) && error.exit_code() == 2, "{error}");
    }
    assert!(desk.reader().sagas(9).expect("listed").is_empty());
    assert_eq!(desk.reader().intents_of_saga("s-2").expect("listed"), []);
}

#[test]
fn an_event_names_its_saga_and_practice_has_its_own_governor() {
    let desk = Desk::new();
    simulated(&desk.journal, "loop", 1);
    let event = |saga: &str| Event {
        severity: Severity::Warning,
        kind: "perp-unresolved".to_owned(),
        reason: "order 17 has no answer after 90 s; nothing is unwound meanwhile".to_owned(),
        figures: json!({ "order": "17" }),
        intent: Some(id("loop")),
        position: None,
        saga: Some(saga.to_owned()),
        at: at(3),
    };
    assert!(matches!(refused(desk.journal.append_event(&event("s-1"))), JournalError::Database { .. }));
    desk.journal.begin_saga("s-1", &json!({}), false, &json!({}), "accepted", at(1)).expect("begun");
    desk.journal.append_event(&event("s-1")).expect("added");
    assert_eq!(desk.reader().events(None, 9).expect("listed"), [event("s-1")]);

    desk.journal.set_governor_state(true, &json!({ "losses": 2 }), at(4)).expect("set");
    desk.journal.set_governor_state(false, &json!({ "losses": 0 }), at(5)).expect("set");
    desk.journal.set_governor_state(true, &json!({ "losses": 3 }), at(6)).expect("set");
    let reader = desk.restart().reader();
    assert_eq!(reader.governor_state(true).expect("asked"), Some(json!({ "losses": 3 })));
    assert_eq!(reader.governor_state(false).expect("asked"), Some(json!({ "losses": 0 })));
}

#[test]
fn two_processes_that_follow_the_same_file_take_every_signal_once() {
    if let Ok(dir) = env::var(CHILD) {
        follow(Path::new(&dir));
        return;
    }
    let dir = tempfile::TempDir::new().expect("temporary directory");
    let children: Vec<_> = (0..2)
        .map(|_| {
            Command::new(env::current_exe().expect("this test"))
                .args(["--exact", "sagas::two_processes_that_follow_the_same_file_take_every_signal_once"])
                .arg("--nocapture")
                .env(CHILD, dir.path())
                .stdout(Stdio::piped())
                .spawn()
                .expect("starts")
        })
        .collect();
    let mut takers: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    let mut refusals = 0;
    for child in children {
        let process = child.id();
        let output = child.wait_with_output().expect("ends");
        assert!(output.status.success(), "{output:?}");
        for line in String::from_utf8(output.stdout).expect("text").lines() {
            match line.split_once(": ") {
                Some(("signal taken", signal)) => takers.entry(signal.to_owned()).or_default().push(process),
                Some(("signal refused", _)) => refusals += 1,
                _ => {}
            }
        }
    }
    assert_eq!(takers.len(), SIGNALS, "{takers:?}");
    let journal = Journal::read(dir.path(), NETWORK, account()).expect("reads");
    for (signal, by) in takers {
        assert_eq!(by.len(), 1, "{signal} was taken by {by:?}");
        let saga = journal.saga(&signal).expect("asked").expect("begun");
        assert_eq!(saga.state["process"], by[0], "the saga is the taker's");
    }
    assert_eq!(refusals, SIGNALS, "whoever came second was refused");
}

/// A child's part: take every signal, waiting while the other holds the journal.
fn follow(dir: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    println!();
    for signal in (0..SIGNALS).map(|number| format!("s-{number}")) {
        let journal = loop {
            match Journal::open(dir, NETWORK, account()) {
                Ok(journal) => break journal,
                Err(JournalError::Locked { .. }) if Instant::now() < deadline => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        let state = json!({ "process": std::process::id() });
        match journal.begin_saga(&signal, &json!({}), false, &state, "accepted", at(1)) {
            Ok(()) => println!("signal taken: {signal}"),
            Err(JournalError::DuplicateSignal(_)) => println!("signal refused: {signal}"),
            Err(error) => panic!("{error}"),
        }
    }
}
