//! Crashes, thousands of them.

use super::*;
use crate::config::{BoundsConfig, WatchConfig};

fn count() -> u64 {
    if std::env::var_os("TRIMTAB_LONG").is_some() { 10_000 } else { 500 }
}

#[test]
fn no_loop_that_a_head_could_warn_of_is_ever_liquidated_and_the_others_are_told_at_once() {
    let (watch, bounds) = (WatchConfig::default(), BoundsConfig::default());
    let mut report = Report::default();
    for seed in 0..count() {
        let path = Path::generate(seed).expect("path");
        let outcome = run(&path, &watch, &bounds).expect("run");
        if outcome.missed || outcome.silent || outcome.lowered || outcome.below_floor {
            eprintln!("{} L {} {outcome:?}", seed, path.leverage);
        }
        report.add(&outcome);
    }
    println!("{report}");
    assert!(report.broken.is_empty(), "seeds {:?}", report.broken);
}
