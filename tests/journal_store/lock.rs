//! One writer, however the last one ended; readers always.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use trimtab::journal::{IntentState, Journal, JournalError};

use crate::kit::{Desk, NETWORK, account, at, id, new_intent, refused, signed, simulated};

/// Set for the child: where its journal is.
const CHILD: &str = "TRIMTAB_TEST_JOURNAL_HOLDER";

#[test]
fn a_second_writer_is_refused_and_told_who_the_first_is() {
    let desk = Desk::new();
    let error = refused(Journal::open(desk.dir.path(), NETWORK, account()));
    assert!(matches!(error, JournalError::Locked { holder: Some(pid), .. } if pid == std::process::id()), "{error}");
    assert_eq!(error.exit_code(), 9);
    let other = Journal::open(desk.dir.path(), "replica-other", account()).expect("another network is another journal");
    drop((desk.restart(), other));
}

#[test]
fn readers_work_beside_a_writer_and_see_what_it_committed() {
    let desk = Desk::new();
    let reader = desk.reader();
    simulated(&desk.journal, "seen", 1);
    assert_eq!(reader.intent(id("seen")).expect("seen").state, IntentState::Simulated);
    signed(&desk.journal, "seen too", 0);
    assert_eq!(reader.unresolved().expect("listed").len(), 1);
    assert_eq!(desk.reader().unresolved().expect("listed").len(), 1);
}

/// Somebody removes the lock file, and a second program starts: the first one must not go on signing.
#[test]
fn a_writer_whose_lock_file_was_removed_or_replaced_signs_nothing_any_more() {
    let desk = Desk::new();
    let intent = simulated(&desk.journal, "late", 1);
    let recorded = signed(&desk.journal, "earlier", 0);
    let lock = desk.reader().path().with_extension("lock");
    std::fs::remove_file(&lock).expect("removed");
    for replaced in [false, true] {
        let other =
            replaced.then(|| Journal::open(desk.dir.path(), NETWORK, account()).expect("nothing is locked any more"));
        for refused in [
            refused(desk.journal.lease_nonce(intent, 1, at(9))),
            refused(desk.journal.resendable(recorded.get().hash())),
            refused(desk.journal.record_planned(&new_intent("next", 1), at(9))),
        ] {
            assert!(matches!(refused, JournalError::LeaseLost { .. }), "{refused}");
            assert_eq!(refused.exit_code(), 9);
            assert!(refused.to_string().contains("nothing is signed or sent"), "{refused}");
        }
        drop(other);
    }
}

#[test]
fn a_killed_writer_leaves_its_records_and_no_lock() {
    if let Ok(dir) = env::var(CHILD) {
        hold(Path::new(&dir));
    }
    let dir = tempfile::TempDir::new().expect("temporary directory");
    let mut child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "lock::a_killed_writer_leaves_its_records_and_no_lock", "--nocapture"])
        .env(CHILD, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    lines.by_ref().map(|line| line.expect("text")).find(|line| line.ends_with("journal held")).expect("holds it");

    let error = refused(Journal::open(dir.path(), NETWORK, account()));
    assert!(matches!(error, JournalError::Locked { holder: Some(pid), .. } if pid == child.id()), "{error}");
    let reader = Journal::read(dir.path(), NETWORK, account()).expect("reads beside it");
    assert_eq!(reader.unresolved().expect("listed").len(), 1);
    drop(reader);

    child.kill().expect("kill -9");
    child.wait().expect("gone");
    let journal = Journal::open(dir.path(), NETWORK, account()).expect("free");
    assert_eq!(journal.reader().unresolved().expect("listed")[0].id, id("signed before the kill"));
}

/// The child's part: sign something, say so, and never return.
fn hold(dir: &Path) -> ! {
    let journal = Journal::open(dir, NETWORK, account()).expect("opens");
    signed(&journal, "signed before the kill", 0);
    journal
        .append_event(&trimtab::journal::Event {
            severity: trimtab::journal::Severity::Info,
            kind: "holding".to_owned(),
            reason: "until killed".to_owned(),
            figures: serde_json::json!({}),
            intent: None,
            position: None,
            saga: None,
            at: at(9),
        })
        .expect("added");
    println!("journal held");
    std::io::stdout().flush().expect("told");
    loop {
        std::thread::park();
    }
}
