//! The journal cannot be written: nothing is signed.

use std::{fs, process::Command};

use alloy::primitives::U256;
use trimtab::journal::Journal;

use crate::trader::Trader;

const OPEN: &str = "loop open --equity 2 --leverage 2 --broadcast";

#[tokio::test]
async fn while_another_process_holds_the_journal_nothing_is_sent_and_reading_works() {
    let trader = Trader::start().await;
    trader.program().run(OPEN).await.succeeds();
    let held = Journal::open(trader.journals.path(), trader.identity.id().as_str(), trader.account).expect("free");
    let refused = trader.program().run("loop adjust --leverage 1.5 --broadcast").await;
    refused.fails(9, &["in use by process", &std::process::id().to_string()]);
    trader.program().run("journal reconcile").await.fails(9, &["in use by process"]);
    trader.program().run("journal list").await.succeeds().shows(&["loop open"]);
    trader.program().run("loop adjust --leverage 1.5").await.succeeds().shows(&["dry run"]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE);
    drop(held);
    trader.program().run("loop adjust --leverage 1.5 --broadcast").await.succeeds();
}

#[tokio::test]
async fn a_journal_that_cannot_be_made_or_is_no_journal_stops_signing() {
    let trader = Trader::start().await;
    let file = trader.journals.path().join("a-file");
    fs::write(&file, "not a directory").expect("written");
    let below = file.join("journal");
    let ran = trader.program().args(["--journal-dir", below.to_str().expect("utf-8")]).run(OPEN).await;
    ran.fails(9, &["a-file"]);
    let database = trader
        .journals
        .path()
        .join(trader.identity.id().as_str())
        .join(format!("{}.sqlite", alloy::hex::encode_prefixed(trader.account)));
    fs::create_dir_all(database.parent().expect("directory")).expect("made");
    fs::write(&database, "this is no database, and long enough to be looked at as one".repeat(20)).expect("written");
    let ran = trader.program().run(OPEN).await;
    ran.fails(3, &["sqlite", "damaged", "keep the file"]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
}

#[tokio::test]
async fn a_read_only_journal_stops_signing() {
    let trader = Trader::start().await;
    trader.program().run(OPEN).await.succeeds();
    let directory = trader.journals.path().join(trader.identity.id().as_str());
    let change = |mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        for entry in fs::read_dir(&directory).expect("directory") {
            let path = entry.expect("entry").path();
            fs::set_permissions(&path, fs::Permissions::from_mode(if mode == 0 { 0o400 } else { 0o600 }))
                .expect("mode");
        }
    };
    change(0);
    // The superuser may write what is read-only.
    let is_root = fs::OpenOptions::new()
        .append(true)
        .open(directory.read_dir().expect("dir").next().expect("a file").expect("entry").path())
        .is_ok();
    let ran = trader.program().run("loop adjust --leverage 1.5 --broadcast").await;
    if is_root {
        ran.succeeds();
    } else {
        ran.fails(9, &[]);
        assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE);
    }
    change(1);
}

/// The disk fills up earlier and earlier: files may not grow beyond a limit, and the system says so to whoever writes.
#[tokio::test]
async fn a_disk_that_fills_up_at_any_moment_stops_signing_or_loses_nothing() {
    let mut stopped = 0;
    let mut went_through = 0;
    for kilobytes in [0, 16, 64, 96, 112, 128, 144, 160, 192, 4_096] {
        let trader = Trader::start().await;
        let program = env!("CARGO_BIN_EXE_trimtab");
        let script = format!(
            "trap '' XFSZ; ulimit -f {kilobytes}; exec {program} --rpc-url {} --private-key {} {OPEN}",
            trader.replica.url(),
            crate::common::TEST_KEYS[trader.index]
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .env("TRIMTAB_JOURNAL_DIR", trader.journals.path())
            .current_dir(trader.journals.path())
            .output()
            .expect("bash");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let nonce = trader.replica.nonce(trader.account).await;
        eprintln!("{kilobytes} kB: exit {:?}, nonce {nonce}", output.status.code());
        match output.status.code() {
            Some(9) => {
                stopped += 1;
                assert_eq!(nonce, U256::ZERO, "{kilobytes} kB: {said}");
                assert!(said.contains("journal"), "{said}");
            }
            Some(0) => went_through += 1,
            // It was sent, and what became of it could not be written down: reconcile tells.
            Some(7) => {
                assert_eq!(nonce, U256::ONE, "{kilobytes} kB: {said}");
                trader.program().run("journal reconcile").await.succeeds().shows(&["loop open"]);
            }
            other => panic!("{kilobytes} kB: exit {other:?}: {said}"),
        }
        // With room again the loop is there exactly once.
        if nonce.is_zero() {
            trader.program().run(OPEN).await.succeeds();
        }
        assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE);
        trader.program().run("loop close --broadcast").await.succeeds();
    }
    assert!(stopped > 0 && went_through > 0, "{stopped} stopped, {went_through} went through");
}
