//! `simulate crash`: seeded price paths on replicas, with the watch at work.

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cli::{
        replica::state::ensure_state,
        shared::{
            exit::{Exit, Failure, Outcome},
            global::GlobalArgs,
        },
    },
    localchain::{ComposerSource, Kit, PerpsVersion},
    scenarios::{CrashReport, CrashRules, FeedMode, StoryError, crash, paths::Path},
};

/// What kind of accounts the paths have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Accounts {
    /// One loop of WETH against USDC and nothing else; its owner allows everything.
    Loop,
    /// One to four collaterals and one to three debts of WETH, cbBTC, wstETH, cbETH and USDC, long, short and correlated, with
    /// deposits, dust that arrives, loops that the journal knows and does not know, owners who allow more or less, and prices
    /// before or behind what the watch sends.
    Drawn,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CrashArgs {
    /// What kind of accounts the paths have.
    #[arg(long, value_enum, value_name = "KIND", default_value_t = Accounts::Loop)]
    accounts: Accounts,
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
    accounts: Accounts,
    /// Whether the watch read the feed behind Aave's oracle.
    feed: bool,
    /// Whether prices moved before what the watch had sent.
    prices_first: bool,
    report: &'a CrashReport,
    /// Seeds on which a liquidator took more than from the loop left alone.
    lost_more: Vec<u64>,
}

crate::cli::shared::document::document!("crash-paths": Document<'_>);

pub(in crate::cli) async fn run(global: &GlobalArgs, args: &CrashArgs) -> Outcome {
    let output = global.output();
    let config = global.settings()?.config;
    let kit = Kit::find()?;
    let state = ensure_state(output, &kit, ComposerSource::Remembered, PerpsVersion::V1).await?;
    let foresight = if args.no_feed { FeedMode::PoolsAlone } else { FeedMode::Feed };
    let rules = CrashRules { watch: config.watch, bounds: config.bounds, foresight, prices_first: args.prices_first };
    let (mut report, mut lost_more) = (CrashReport::default(), Vec::new());
    for (count, seed) in (args.seed..args.seed.saturating_add(args.paths)).enumerate() {
        let path = match args.accounts {
            Accounts::Loop => Path::of_pair(seed),
            Accounts::Drawn => Path::with_pools(seed),
        };
        let path = path.map_err(StoryError::from)?;
        let outcome = crash(&kit, &state, &path, &rules).await?;
        let (counted, leverage) = (&outcome.counted, path.account.leverage());
        output.note(format!(
            "{} of {}: seed {seed}, {} of {} at {}.{:03}x, {} blocks: {} trims, liquidated {} times, alone {} times",
            count.saturating_add(1),
            args.paths,
            path.kind,
            path.form,
            leverage / 1_000,
            leverage % 1_000,
            outcome.blocks,
            counted.trims,
            counted.liquidations,
            counted.liquidations_if_idle,
        ));
        if counted.is_broken() {
            outcome.story.iter().for_each(|line| output.note(line));
        }
        if outcome.lost_more() {
            lost_more.push(seed);
        }
        report.add(&outcome);
    }
    let (seed, paths, feed, prices_first) = (args.seed, args.paths, !args.no_feed, args.prices_first);
    let accounts = args.accounts;
    let document = Document { seed, paths, accounts, feed, prices_first, report: &report, lost_more };
    output.result(&document, || report.to_string())?;
    if !report.is_broken() {
        return Ok(());
    }
    let seeds = &report.counted.broken;
    Err(Failure::after_result(Exit::Reverted, format!("what must never happen did, with seeds {seeds:?}")))
}
