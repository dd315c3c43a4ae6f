//! Crashes on the replica: the watch, its sender and real contracts on seeded price paths, a liquidator in the same blocks.
//!
//! With the feed behind Aave's oracle twenty paths by default, without it seven, and fourteen on which prices move before the
//! trim in its block; three hundred each with `TRIMTAB_LONG=1`. Beside these single loops eight paths of accounts with several
//! collaterals and debts, a hundred with `TRIMTAB_LONG=1`; `TRIMTAB_SEEDS=12,34` plays those.

use crate::common;

use alloy::primitives::U256;
use indicatif::ProgressBar;
use trimtab::{
    config::{BoundsConfig, WatchConfig},
    dex::WETH,
    localchain::{ComposerSource, ReplicaState},
    scenarios::{
        CrashOutcome, CrashReport, CrashRules, FeedMode, crash,
        paths::{AssetPrice, Notice, Path},
    },
    units::UsdE8,
};

/// Seeds of drawn accounts on which much happens in few blocks: gaps, a bleeding short, a dry pool, trims in several parts, trims
/// that come too late for a whole account, accounts that are liquidated when left alone.
const EVENTFUL: [u64; 8] = [14, 35, 55, 60, 62, 63, 77, 84];

/// How many paths: few, and all of them.
fn seeds(few: u64, all: u64) -> u64 {
    if std::env::var_os("TRIMTAB_LONG").is_some() { all } else { few }
}

async fn played(paths: impl IntoIterator<Item = Path>, foresight: FeedMode) -> Vec<CrashOutcome> {
    raced(paths, foresight, false).await
}

async fn raced(paths: impl IntoIterator<Item = Path>, foresight: FeedMode, prices_first: bool) -> Vec<CrashOutcome> {
    let kit = common::kit();
    let state = ReplicaState::ensure(&kit, ComposerSource::Remembered, &ProgressBar::hidden()).await.expect("state");
    let rules = CrashRules { watch: WatchConfig::default(), bounds: BoundsConfig::default(), foresight, prices_first };
    let mut outcomes = Vec::new();
    for path in paths {
        let outcome = crash(&kit, &state, &path, &rules).await;
        outcomes.push(outcome.unwrap_or_else(|error| panic!("{}: {error}", path.seed)));
    }
    outcomes
}

/// What holds of a single loop: no liquidator takes more than from the one that is left alone.
fn hold(outcomes: &[CrashOutcome]) -> (CrashReport, u64) {
    for outcome in outcomes {
        assert!(!outcome.lost_more(), "seed {}: {outcome:#?}", outcome.counted.seed);
    }
    held(outcomes)
}

/// What holds of every account, with a feed and without one; the report, and how many accounts were saved.
fn held(outcomes: &[CrashOutcome]) -> (CrashReport, u64) {
    let mut report = CrashReport::default();
    let mut saved = 0;
    for outcome in outcomes {
        let counted = &outcome.counted;
        let seed = counted.seed;
        assert!(!counted.missed, "seed {seed}: liquidated although announced: {outcome:#?}");
        assert!(!counted.silent, "seed {seed}: no alert at the first head that showed it: {outcome:#?}");
        assert!(!counted.lowered, "seed {seed}: an action of ours lowered the health factor: {outcome:?}");
        assert!(!outcome.out_of_order, "seed {seed}: {outcome:?}");
        let kept = !counted.is_broken();
        assert!(kept, "seed {seed}: sold outside, gave up or failed: {outcome:#?}");
        saved += u64::from(counted.liquidations == 0 && counted.liquidations_if_idle > 0);
        report.add(outcome);
    }
    println!("{report}");
    (report, saved)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_that_a_head_could_warn_of_is_never_liquidated_on_real_contracts() {
    let count = seeds(20, 300);
    let paths = (0..count).map(|seed| Path::of_pair(seed).expect("path"));
    let outcomes = played(paths, FeedMode::Feed).await;
    let (report, saved) = hold(&outcomes);
    // Whoever reads the feed is not surprised by what the pool alone has shown.
    assert_eq!(report.counted.kinds.values().map(|kind| kind.pool_alone).sum::<u64>(), 0, "{report}");
    // A run that tries nothing proves nothing.
    let trims: u64 = report.counted.blocks_to_trim.values().sum();
    assert!(trims >= count / 2 && saved >= count / 10, "{saved} saved: {report}");
    let next = report.counted.blocks_to_trim.get(&1).copied().unwrap_or_default();
    assert!(next * 100 >= trims * 90, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drawn_account_that_a_head_could_warn_of_is_never_liquidated_nor_sold_beyond_what_its_owner_allows() {
    let asked = std::env::var("TRIMTAB_SEEDS").ok();
    let seeds: Vec<u64> = asked.map_or_else(
        || if seeds(0, 1) > 0 { (0..100).collect() } else { EVENTFUL.to_vec() },
        |list| list.split(',').map(|seed| seed.parse().expect("TRIMTAB_SEEDS are numbers")).collect(),
    );
    let paths = seeds.iter().map(|seed| Path::with_pools(*seed).expect("path"));
    let outcomes = played(paths, FeedMode::Feed).await;
    let (report, saved) = held(&outcomes);
    let trims: u64 = report.counted.blocks_to_trim.values().sum();
    // A run that tries nothing proves nothing.
    assert!(seeds.len() < 8 || trims >= 8 && saved > 0, "{saved} saved: {report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trim_behind_the_prices_of_its_block_goes_out_again_and_no_announced_fall_within_its_bounds_is_missed() {
    let count = seeds(14, 300);
    let paths = (0..count).map(|seed| Path::of_pair(seed).expect("path"));
    let outcomes = raced(paths, FeedMode::Feed, true).await;
    let (report, saved) = hold(&outcomes);
    let trims: u64 = report.counted.blocks_to_trim.values().sum();
    assert!(trims >= count / 3 && saved > 0, "{saved} saved: {report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_readable_feed_what_aaves_oracle_announces_is_still_answered() {
    let count = seeds(7, 300);
    let outcomes = played((0..count).map(|seed| Path::of_pair(seed).expect("path")), FeedMode::PoolsAlone).await;
    hold(&outcomes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_oracle_is_answered_before_it_moves_by_whoever_reads_the_feed() {
    // A loop of 3x: 1.245, 0.996 by the feed while the oracle stays for two more blocks, then 0.996 by both.
    let path = || {
        let mut path = Path::wave(3_000, 0, 1, 1).expect("path");
        let first = path.steps[0].clone();
        let before = first.of(WETH);
        let fallen = UsdE8(before.feed.0 * U256::from(8u8) / U256::from(10u8));
        let at = |price: AssetPrice| {
            let mut step = first.clone();
            step.prices.insert(WETH, price);
            step
        };
        let late = at(AssetPrice { feed: fallen, pool: fallen, ..before });
        let caught_up = at(AssetPrice { feed: fallen, pool: fallen, oracle: fallen });
        path.steps = vec![first.clone(), late.clone(), late, caught_up.clone(), caught_up];
        path
    };
    let with = &played([path()], FeedMode::Feed).await[0].counted;
    assert_eq!((with.first_fall, with.liquidations, with.lowered), (None, 0, false), "{with:?}");
    // One trim, mined in the block after the feed's fall and so before the oracle's.
    assert_eq!(with.blocks_to_trim, [1], "{with:?}");
    assert!(with.liquidations_if_idle > 0 && with.equity > with.equity_if_idle, "{with:?}");
    let without = &played([path()], FeedMode::PoolsAlone).await[0].counted;
    assert_eq!((without.first_fall, without.missed), (Some(Notice::PoolAlone), false), "{without:?}");
    assert!(without.liquidations > 0, "{without:?}");
}
