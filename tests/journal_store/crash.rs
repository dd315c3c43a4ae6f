//! Killed at every step of recording (`--features failpoints`): what was sendable is known, what is not known was not
//! sendable.
#![cfg(feature = "failpoints")]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use trimtab::journal::{IntentState, Journal};

use crate::kit::{NETWORK, account, at, id, inclusion, signed};

/// Set for the child: where its journal is and where it stops.
const CHILD: &str = "TRIMTAB_TEST_JOURNAL_CRASH";

#[test]
fn killed_anywhere_the_journal_knows_what_may_have_been_sent() {
    if let Ok(order) = env::var(CHILD) {
        let (point, dir) = order.split_once(' ').expect("point and directory");
        trade(point, Path::new(dir));
    }
    let expected = [
        ("journal-before-leased", IntentState::Simulated),
        ("journal-after-leased", IntentState::Simulated),
        ("journal-before-signed", IntentState::Simulated),
        ("journal-after-signed", IntentState::Signed),
        ("journal-before-sent", IntentState::Signed),
        ("journal-after-sent", IntentState::Sent),
        ("journal-before-included", IntentState::Sent),
        ("journal-after-included", IntentState::Mined),
        ("journal-before-reconciled", IntentState::Mined),
        ("journal-after-reconciled", IntentState::Reconciled),
    ];
    for (point, state) in expected {
        let dir = tempfile::TempDir::new().expect("temporary directory");
        kill_at(point, dir.path());
        let journal = Journal::open(dir.path(), NETWORK, account()).expect("free");
        let intent = journal.reader().intent(id("trade")).expect("recorded");
        assert_eq!(intent.state, state, "{point}");
        let pending = journal.reader().pending_transactions().expect("listed");
        assert_eq!(pending.len(), usize::from(state.is_unresolved()), "{point}");
        for one in pending {
            assert!(journal.resendable(one.hash.expect("signed")).is_ok(), "{point}");
        }
        if state == IntentState::Simulated {
            assert_eq!(journal.lease_nonce(id("trade"), 0, at(9)).expect("its nonce is free").nonce(), 0, "{point}");
        }
    }
}

fn kill_at(point: &str, dir: &Path) {
    let mut child = Command::new(env::current_exe().expect("this test"))
        .args(["--exact", "crash::killed_anywhere_the_journal_knows_what_may_have_been_sent", "--nocapture"])
        .env(CHILD, format!("{point} {}", dir.display()))
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let told = format!("stopped at {point}");
    lines.map(|line| line.expect("text")).find(|line| line.ends_with(&told)).expect("gets there");
    child.kill().expect("kill -9");
    child.wait().expect("gone");
}

/// The child's part: a whole trade, in which it stops at one point and waits to be killed.
fn trade(point: &str, dir: &Path) -> ! {
    let told = format!("stopped at {point}");
    fail::cfg_callback(point, move || {
        println!("{told}");
        std::io::stdout().flush().expect("told");
        loop {
            std::thread::park();
        }
    })
    .expect("a fail-point");
    let journal = Journal::open(dir, NETWORK, account()).expect("opens");
    let hash = signed(&journal, "trade", 0).get().hash();
    journal.record_sent(hash, at(6)).expect("sent");
    journal.record_included(hash, &inclusion(1, true), None, at(7)).expect("mined");
    journal.record_reconciled(id("trade"), &serde_json::json!({}), at(8)).expect("reconciled");
    panic!("never came to {point}");
}
