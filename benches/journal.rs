//! Times of a large journal, without a network: export, opening, what each command asks first, thinning, backup.
//! `TRIMTAB_BENCH_JOURNAL_MB` sets its size (docs/performance.md).

#![allow(missing_docs, clippy::print_stdout, clippy::expect_used, reason = "a benchmark is no library")]

#[path = "../tests/common/large.rs"]
mod large;

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use alloy::primitives::Address;
use large::Size;
use trimtab::{
    journal::{IntentFilter, IntentState, Journal},
    units::Millis,
};

const NETWORK: &str = "bench";
const ACCOUNT: Address = Address::repeat_byte(7);

/// Counts bytes and keeps none.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    let took = start.elapsed();
    println!("| {name:<52} | {:>12} |", format!("{took:.2?}"));
    (done, took)
}

fn main() {
    let megabytes = std::env::var("TRIMTAB_BENCH_JOURNAL_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(64);
    let build = if cfg!(debug_assertions) { "development" } else { "optimised" };
    let dir = tempfile::tempdir().expect("temporary directory");
    let rows = tempfile::tempdir().expect("temporary directory");
    large::write(rows.path(), NETWORK, ACCOUNT, Size { intents: 0, samples: 100_000 });
    let path = large::write(dir.path(), NETWORK, ACCOUNT, Size::megabytes(megabytes));
    let bytes = std::fs::metadata(&path).expect("there").len();
    println!("{build} build, journal of {} MB\n", bytes / 1_000_000);

    let small = Journal::read(rows.path(), NETWORK, ACCOUNT).expect("reads");
    timed("export, 100 000 samples", || small.export(&mut Counted(0), false).expect("exported"));

    let (reader, _) = timed("open for reading", || Journal::read(dir.path(), NETWORK, ACCOUNT).expect("reads"));
    timed("survey (each command)", || reader.survey().expect("looked"));
    let newest = IntentFilter { limit: Some(20), ..IntentFilter::default() };
    let (listed, _) = timed("journal list", || reader.intents(&newest).expect("listed"));
    let id = listed.last().map(|intent| intent.id);
    timed("journal show", || id.map(|id| (reader.intent(id).expect("there"), reader.transactions(id).expect("there"))));
    timed("status: what is open", || {
        let states = vec![IntentState::Signed, IntentState::Sent, IntentState::Unknown, IntentState::Mined];
        reader.intents(&IntentFilter { states, ..IntentFilter::default() }).expect("listed");
        reader.open_loops().expect("listed");
        reader.open_orders().expect("listed");
        reader.governor_state(false).expect("asked")
    });
    timed("reconcile: recent and pending", || {
        let states = vec![IntentState::Mined, IntentState::Failed, IntentState::Reconciled];
        let recent = IntentFilter { states, limit: Some(32), ..IntentFilter::default() };
        (
            reader.intents(&recent).expect("listed"),
            reader.pending_transactions().expect("listed"),
            reader.highest_included().expect("asked"),
        )
    });
    timed("drill: newest event of a kind", || reader.last_event("drill-passed").expect("asked"));
    timed("prune --dry-run, half of it", || {
        let middle = Millis(1_767_225_600_000 + u64::from(Size::megabytes(megabytes).samples) * 30_000);
        reader.prunable(middle).expect("counted")
    });
    timed("backup, checked", || reader.backup(&rows.path().join("backup.sqlite")).expect("made"));
    timed("export of all of it", || reader.export(&mut Counted(0), false).expect("exported"));
    drop(reader);

    let (journal, _) = timed("open for writing", || Journal::open(dir.path(), NETWORK, ACCOUNT).expect("opens"));
    let now = Millis(1_767_225_600_000 + u64::from(Size::megabytes(megabytes).samples) * 60_000);
    let calls = 200u32;
    let (_, took) = timed("thinning, 200 samples' worth", || {
        (0..calls).map(|_| journal.thin_samples(now).expect("thinned")).sum::<usize>()
    });
    println!("\none call of thinning: {:.2?}", took / calls);
}
