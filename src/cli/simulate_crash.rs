//! `simulate crash`: seeded price paths on replicas, with the watch at work.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    replica::ensure_state,
};
use crate::{
    localchain::{BlockOrder, ComposerSource, Kit},
    scenarios::{CrashReport, Foresight, StoryError, crash},
    watchdog::paths::Path,
};

#[derive(Debug, Args)]
pub(super) struct CrashArgs {
    /// How many paths.
    #[arg(long, value_name = "N", default_value_t = 20)]
    paths: u64,
    /// Seed of the first; each further path has the next. The same seed is the same story.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,
    /// The watch reads no feed behind Aave's oracle, as one with watch.default_feeds off.
    #[arg(long)]
    no_feed: bool,
    /// In each block, standard feed and pools move before what the watch has sent, and Aave's oracle after it.
    #[arg(long)]
    prices_first: bool,
}

#[derive(Serialize, JsonSchema)]
struct Document<'a> {
    seed: u64,
    paths: u64,
    /// Whether the watch read the feed behind Aave's oracle.
    feed: bool,
    /// Whether prices moved before what the watch had sent.
    prices_first: bool,
    report: &'a CrashReport,
    /// Seeds on which a liquidator took more than from the loop left alone.
    lost_more: Vec<u64>,
}

super::document::document!("crash-paths": Document<'_>);

pub(super) async fn run(global: &GlobalArgs, args: &CrashArgs) -> Outcome {
    let output = global.output();
    let config = global.settings()?.config;
    let kit = Kit::find()?;
    let state = ensure_state(output, &kit, ComposerSource::Remembered).await?;
    let foresight = if args.no_feed { Foresight::PoolsAlone } else { Foresight::Feed };
    let order = if args.prices_first { BlockOrder::PricesFirst } else { BlockOrder::WaitingFirst };
    let (mut report, mut lost_more) = (CrashReport::default(), Vec::new());
    for (count, seed) in (args.seed..args.seed.saturating_add(args.paths)).enumerate() {
        let path = Path::of_pair(seed).map_err(StoryError::from)?;
        let outcome = crash(&kit, &state, &path, &config.watch, &config.bounds, foresight, order).await?;
        let (counted, leverage) = (&outcome.counted, path.account.leverage());
        output.note(format!(
            "{} of {}: seed {seed}, {} at {}.{:03}x, {} blocks: {} trims, liquidated {} times, alone {} times",
            count.saturating_add(1),
            args.paths,
            path.kind,
            leverage / 1_000,
            leverage % 1_000,
            outcome.blocks,
            counted.trims,
            counted.liquidations,
            counted.liquidations_if_idle,
        ));
        if outcome.lost_more() {
            lost_more.push(seed);
        }
        report.add(&outcome);
    }
    let (seed, paths, feed, prices_first) = (args.seed, args.paths, !args.no_feed, args.prices_first);
    let document = Document { seed, paths, feed, prices_first, report: &report, lost_more };
    output.result(&document, || report.to_string())?;
    if !report.is_broken() {
        return Ok(());
    }
    let seeds = &report.counted.broken;
    Err(Failure::after_result(Exit::Reverted, format!("what must never happen did, with seeds {seeds:?}")))
}
