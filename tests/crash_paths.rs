//! Crashes on the replica: the watch, its sender and real contracts on seeded price paths, a liquidator in the same blocks.
//!
//! Twenty paths by default, three hundred with `TRIMTAB_LONG=1`.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "common/mod.rs"]
mod common;

use indicatif::ProgressBar;
use trimtab::{
    config::{BoundsConfig, WatchConfig},
    localchain::{ComposerSource, ReplicaState},
    scenarios::{CrashReport, crash},
    watchdog::paths::Path,
};

fn seeds() -> u64 {
    if std::env::var_os("TRIMTAB_LONG").is_some() { 300 } else { 20 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_that_a_head_could_warn_of_is_never_liquidated_on_real_contracts() {
    let kit = common::kit();
    let state = ReplicaState::ensure(&kit, ComposerSource::Remembered, &ProgressBar::hidden()).await.expect("state");
    let (watch, bounds) = (WatchConfig::default(), BoundsConfig::default());
    let mut report = CrashReport::default();
    let mut saved = 0;
    for seed in 0..seeds() {
        let path = Path::generate(seed).expect("path");
        let outcome =
            crash(&kit, &state, &path, &watch, &bounds).await.unwrap_or_else(|error| panic!("{seed}: {error}"));
        let counted = &outcome.counted;
        assert!(!counted.missed, "seed {seed}: liquidated although announced: {outcome:?}");
        assert!(!counted.silent, "seed {seed}: no alert at the first head that showed it: {outcome:?}");
        assert!(!counted.lowered, "seed {seed}: an action of ours lowered the health factor: {outcome:?}");
        assert!(!outcome.after_prices, "seed {seed}: {outcome:?}");
        assert!(!outcome.lost_more(), "seed {seed}: {outcome:?}");
        saved += u64::from(counted.liquidations == 0 && counted.liquidations_if_idle > 0);
        report.add(&outcome);
    }
    println!("{report}");
    // A run that tries nothing proves nothing.
    let trims: u64 = report.counted.blocks_to_trim.values().sum();
    assert!(trims >= seeds() / 2 && saved >= seeds() / 10, "{saved} saved: {report}");
    let next = report.counted.blocks_to_trim.get(&1).copied().unwrap_or_default();
    assert!(next * 100 >= trims * 90, "{report}");
}
