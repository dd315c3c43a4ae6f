//! Keeping a journal in order: backups, restoring, pruning, thinning, reading where nothing can be written.

use std::{path::Path, process::Command};

use rusqlite::Connection;
use serde_json::json;
use trimtab::{
    journal::{IntentFilter, Journal, JournalError, Sample, Stamp},
    units::{Millis, Secs, Wad},
};

use crate::kit::{Desk, NETWORK, account, at, id, inclusion, new_intent, refused, signed};

const DAY: u64 = 86_400_000;

fn ended(desk: &Desk, name: &str, nonce: u64, when: u64) {
    let hash = signed(&desk.journal, name, nonce).get().hash();
    let mut block = inclusion(1, true);
    block.block_number = nonce + 1;
    desk.journal.record_included(hash, &block, None, at(when)).expect("included");
    desk.journal.record_reconciled(id(name), &json!({}), at(when)).expect("reconciled");
}

#[test]
fn a_backup_is_made_beside_a_writer_and_put_back_with_the_replaced_file_kept() {
    let desk = Desk::new();
    ended(&desk, "before", 0, 6);
    let file = desk.dir.path().join("backup.sqlite");
    let made = desk.reader().backup(&file).expect("made while the journal is open for writing");
    assert_eq!((made.intents, made.bytes), (1, std::fs::metadata(&file).expect("there").len()));
    assert!(matches!(refused(desk.reader().backup(&file)), JournalError::Copy { .. }), "never over another file");
    ended(&desk, "after", 1, 7);

    let Desk { dir, journal } = desk;
    let restore = |forget| Journal::restore(dir.path(), NETWORK, account(), &file, forget);
    assert!(matches!(refused(restore(false)), JournalError::Locked { .. }), "a daemon holds it");
    drop(journal);
    let done = restore(false).expect("restored");
    let kept = done.replaced.expect("kept");
    assert!(kept.to_string_lossy().contains(".replaced.20"), "{}", kept.display());
    let journal = Journal::open(dir.path(), NETWORK, account()).expect("opens");
    assert!(journal.reader().intent(id("before")).is_ok());
    assert!(matches!(refused(journal.reader().intent(id("after"))), JournalError::UnknownIntent(_)));
    let old = Connection::open(kept).expect("opens");
    let count: u32 = old.query_row("SELECT count(*) FROM intents", [], |row| row.get(0)).expect("counted");
    assert_eq!(count, 2, "nothing of the replaced one is lost");
}

#[test]
fn what_may_still_take_effect_is_not_forgotten_by_a_restore() {
    let desk = Desk::new();
    let file = desk.dir.path().join("backup.sqlite");
    desk.reader().backup(&file).expect("made");
    signed(&desk.journal, "in flight", 0);
    let Desk { dir, journal } = desk;
    drop(journal);
    let early = refused(Journal::restore(dir.path(), NETWORK, account(), &file, false));
    assert!(early.to_string().contains(&id("in flight").to_string()), "{early}");
    let done = Journal::restore(dir.path(), NETWORK, account(), &file, true).expect("meant");
    assert_eq!(done.forgotten, [id("in flight").to_string()]);
}

#[test]
fn a_backup_of_another_account_a_damaged_one_and_a_newer_one_are_refused() {
    let desk = Desk::new();
    let file = desk.dir.path().join("backup.sqlite");
    desk.reader().backup(&file).expect("made");
    let Desk { dir, journal } = desk;
    drop(journal);
    let restore = |network: &str, file: &Path| refused(Journal::restore(dir.path(), network, account(), file, false));
    assert!(matches!(restore("replica-other", &file), JournalError::WrongJournal { .. }));
    assert!(matches!(restore(NETWORK, &dir.path().join("nothing")), JournalError::NoJournal { .. }));
    let text = dir.path().join("text");
    std::fs::write(&text, "no database at all ".repeat(99)).expect("written");
    assert!(matches!(restore(NETWORK, &text), JournalError::Damaged { .. }));
    Connection::open(&file).and_then(|db| db.pragma_update(None, "user_version", 99)).expect("set");
    assert!(matches!(restore(NETWORK, &file), JournalError::OtherVersion { found: 99, .. }));
    assert!(Journal::read(dir.path(), NETWORK, account()).is_ok(), "the journal stays as it was");
}

#[test]
fn pruning_takes_what_ended_and_leaves_what_is_open_or_accounted_for() {
    let desk = Desk::new();
    for nonce in 0..80 {
        ended(&desk, &format!("old {nonce}"), nonce, 6);
    }
    let adopted = crate::records::new_loop("weth/usdc");
    desk.journal.open_loop(&adopted, id("old 3"), at(6)).expect("open");
    let hash = signed(&desk.journal, "in flight", 80).get().hash();
    desk.journal.record_sent(hash, at(6)).expect("sent");
    for number in 0..10 {
        let sample = Sample { block_number: number, health_factor: None, figures: json!({}), at: at(number) };
        desk.journal.append_sample(&sample).expect("added");
    }
    let before = at(8).wall;
    let planned = desk.reader().prunable(before).expect("counted");
    let all = |desk: &Desk| desk.reader().intents(&IntentFilter::default()).expect("listed").len();
    assert_eq!(all(&desk), 81, "a dry run changes nothing");
    let done = desk.journal.prune(before).expect("pruned");
    assert_eq!(done, planned);
    assert_eq!((done.samples, done.transactions), (8, done.intents));
    assert!(done.intents > 10, "{done:?}");
    assert_eq!(all(&desk) as u64, 81 - done.intents);
    for kept in ["old 3", "in flight"] {
        assert!(desk.reader().intent(id(kept)).is_ok(), "{kept}");
    }
    assert_eq!(desk.reader().highest_included().expect("asked").map(|(nonce, _)| nonce), Some(79));
    assert_eq!(desk.reader().samples(None, 99).expect("listed").len(), 2);
    // A plan that was carried out once is not carried out again because its record is gone.
    let name = (0..80).map(|nonce| format!("old {nonce}")).find(|name| desk.reader().intent(id(name)).is_err());
    let name = name.expect("one is gone");
    assert!(matches!(refused(desk.reader().intent(id(&name))), JournalError::PrunedIntent(_)));
    assert!(matches!(
        refused(desk.journal.record_planned(&new_intent(&name, 1), at(9))),
        JournalError::PrunedIntent(_)
    ));
    assert_eq!(
        desk.journal.prune(before).expect("again"),
        trimtab::journal::Pruned { kept: done.kept, ..Default::default() }
    );
}

#[test]
fn samples_are_thinned_by_age_a_little_at_a_time_and_the_lowest_stays() {
    let desk = Desk::new();
    let now = 1_790_000_000_000u64;
    let db = Connection::open(desk.journal.reader().path()).expect("opens");
    db.pragma_update(None, "synchronous", "OFF").expect("set");
    // Ten days, a sample each 20 s; the health factor dips once.
    let dip = now - 9 * DAY - 333_000;
    let tx = db.unchecked_transaction().expect("begun");
    let mut ms = now - 10 * DAY;
    while ms <= now {
        let factor = if ms.abs_diff(dip) < 10_000 { "900000000000000000" } else { "1300000000000000000" };
        tx.prepare_cached(
            "INSERT INTO samples (block_number, block_time, ms, health_factor, figures) VALUES (1, ?1, ?2, ?3, '{}')",
        )
        .and_then(|mut insert| insert.execute(((ms / 1_000).cast_signed(), ms.cast_signed(), factor)))
        .expect("added");
        ms += 20_000;
    }
    tx.commit().expect("committed");
    let mut calls = 0u32;
    while desk.journal.thin_samples(Millis(now)).expect("thinned") > 0 {
        calls += 1;
    }
    assert!(calls > 100, "a little at a time: {calls}");
    let samples = desk.reader().samples(None, 100_000).expect("listed");
    let between =
        |from: u64, to: u64| samples.iter().filter(|s| s.at.wall.0 > from && s.at.wall.0 <= to).count() as u64;
    assert_eq!(between(now - DAY, now), 24 * 180, "all of the last day");
    assert!(between(now - 7 * DAY, now - DAY).abs_diff(6 * 1_440) <= 2, "one a minute");
    assert!(between(now - 10 * DAY, now - 7 * DAY).abs_diff(3 * 96) <= 15, "one a quarter of an hour");
    assert!(
        samples.iter().any(|s| s.health_factor == Some(Wad(alloy::primitives::U256::from(900_000_000_000_000_000u64))))
    );
    // Nothing to do writes nothing, and a clock before the first sample neither.
    assert_eq!(desk.journal.thin_samples(Millis(0)).expect("nothing"), 0);
    let sample = Sample { at: Stamp { block_time: Secs(1), wall: Millis(now) }, ..samples[0].clone() };
    desk.journal.append_sample(&sample).expect("added");
    assert_eq!(desk.journal.thin_samples(Millis(now)).expect("nothing"), 0);
}

/// Runs this test binary's `read_all` where no file can grow, as on a full disk.
fn reads_on_a_full_disk(dir: &Path) {
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";
    let done = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", "keep::read_all", "--nocapture", "--ignored"])
        .env("TRIMTAB_TEST_JOURNALS", dir)
        .output()
        .expect("runs");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && out.contains("read 1 intents"), "{out}\n{err}");
}

#[test]
#[ignore = "the part of another process: run by the tests of full disks"]
fn read_all() {
    let Some(dir) = std::env::var_os("TRIMTAB_TEST_JOURNALS") else { return };
    assert!(std::fs::write(Path::new(&dir).join("grows"), "x").is_err(), "the disk is full");
    let reader = Journal::read(Path::new(&dir), NETWORK, account()).expect("reads");
    reader.survey().expect("looks");
    let intents = reader.intents(&IntentFilter::default()).expect("listed");
    reader.export(&mut std::io::sink(), true).expect("exports");
    println!("read {} intents", intents.len());
}

#[cfg(unix)]
#[test]
fn a_journal_is_read_on_a_full_disk_whether_it_was_closed_crashed_or_is_in_use() {
    let desk = Desk::new();
    signed(&desk.journal, "open", 0);
    reads_on_a_full_disk(desk.dir.path());

    // As a crash leaves it: the log holds what the database does not.
    let crashed = tempfile::tempdir().expect("temporary directory");
    let home = crashed.path().join(NETWORK);
    std::fs::create_dir(&home).expect("made");
    let path = desk.journal.reader().path();
    for file in [path.to_owned(), path.with_extension("sqlite-wal")] {
        std::fs::copy(&file, home.join(file.file_name().expect("named"))).expect("copied");
    }
    assert!(
        std::fs::metadata(home.join(path.with_extension("sqlite-wal").file_name().expect("named")))
            .expect("there")
            .len()
            > 0
    );
    reads_on_a_full_disk(crashed.path());

    let Desk { dir, journal } = desk;
    drop(journal);
    reads_on_a_full_disk(dir.path());
}
