//! `replica`: build, start, stop and steer the offline replica of Base.

use std::time::Duration;

use alloy::primitives::{Address, U256};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    output::{Output, table},
};
use crate::{
    localchain::{
        self, Cache, ComposerSource, Controls, DEFAULT_PORT, FeedAge, Kit, LocalKind, PriceChange, PriceScope,
        ReplicaState, start_replica,
    },
    units::{Secs, format_units, parse_units},
};

#[derive(Debug, Subcommand)]
pub(super) enum ReplicaCommand {
    /// Build the replica's state, once; it is cached.
    Build(BuildArgs),
    /// Start the replica in the background.
    Start(StartArgs),
    /// Stop the replica.
    Stop,
    /// Show whether the replica runs, and where.
    Status,
    /// Move a price: the feed and every pool of the asset, in one block.
    Price(PriceArgs),
    /// Let time pass.
    Warp(WarpArgs),
    /// Give an account ether and tokens.
    Fund(FundArgs),
}

#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    /// Take the composer's and the forwarder's code from a live RPC instead of our stand-ins.
    #[arg(long, value_name = "RPC_URL")]
    composer_from: Option<String>,
    /// Forget code taken from a live RPC and use our stand-ins again.
    #[arg(long, conflicts_with = "composer_from")]
    stand_ins: bool,
}

#[derive(Debug, Args)]
pub(super) struct StartArgs {
    /// Port to listen on.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,
}

#[derive(Debug, Args)]
pub(super) struct PriceArgs {
    /// Asset, such as ETH or cbETH.
    asset: String,
    /// New price: dollars, or units of the base asset for staked ether (cbETH 1.10).
    price: String,
    /// Leave the pools where they are.
    #[arg(long, conflicts_with = "no_feed")]
    no_pools: bool,
    /// Leave the feed where it is; pools only.
    #[arg(long)]
    no_feed: bool,
}

#[derive(Debug, Args)]
pub(super) struct WarpArgs {
    /// How long, such as 1d or 90min.
    duration: humantime::Duration,
    /// Let the price feeds say the same again, as of the new block.
    #[arg(long)]
    refresh_feeds: bool,
}

#[derive(Debug, Args)]
pub(super) struct FundArgs {
    /// Who.
    address: Address,
    /// Ether.
    #[arg(long, value_name = "AMOUNT")]
    eth: Option<String>,
    /// USDC.
    #[arg(long, value_name = "AMOUNT")]
    usdc: Option<String>,
    /// Another token, such as cbETH=10; repeatable.
    #[arg(long, value_name = "SYMBOL=AMOUNT")]
    token: Vec<String>,
}

pub(super) async fn run(global: &GlobalArgs, command: ReplicaCommand) -> Outcome {
    let output = global.output();
    match command {
        ReplicaCommand::Build(args) => build(output, &args).await,
        ReplicaCommand::Start(args) => start(output, args.port).await,
        ReplicaCommand::Stop => stop(output).await,
        ReplicaCommand::Status => status(output).await,
        ReplicaCommand::Price(args) => price(global, args).await,
        ReplicaCommand::Warp(args) => warp(global, args).await,
        ReplicaCommand::Fund(args) => fund(global, args).await,
    }
}

/// The built state, built now if it must be.
pub(super) async fn ensure_state(output: Output, kit: &Kit, composer: ComposerSource<'_>) -> Outcome<ReplicaState> {
    let bar = progress(output);
    let state = ReplicaState::ensure(kit, composer, &bar).await?;
    bar.finish_and_clear();
    Ok(state)
}

fn progress(output: Output) -> ProgressBar {
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

async fn build(output: Output, args: &BuildArgs) -> Outcome {
    let kit = Kit::find()?;
    let source = match &args.composer_from {
        Some(url) => ComposerSource::From(url),
        None if args.stand_ins => ComposerSource::StandIn,
        None => ComposerSource::Remembered,
    };
    let state = ensure_state(output, &kit, source).await?;
    let document = json!({
        "state": state.path(), "accounts": state.account_hash(), "composer": state.composer(),
    });
    output.result(&document, || {
        format!(
            "replica state ready: {}\ncomposer: {}\naccounts: {}",
            state.path().display(),
            state.composer(),
            state.account_hash()
        )
    })
}

async fn start(output: Output, port: u16) -> Outcome {
    let kit = Kit::find()?;
    let state = ensure_state(output, &kit, ComposerSource::Remembered).await?;
    let instance = start_replica(&kit, &state, port).await?;
    output.result(&instance, || {
        format!(
            "replica of Base at {} (composer: {})\ntest accounts: anvil's ten, 10,000 ETH each (`--mnemonic \"test test test test test test test test test test test junk\"`)\nstop it with `trimtab replica stop`",
            instance.url, instance.origin
        )
    })
}

async fn stop(output: Output) -> Outcome {
    let stopped = localchain::stop(&Cache::find()?, LocalKind::Replica).await?;
    output.result(&json!({ "stopped": stopped }), || match &stopped {
        Some(instance) => format!("stopped the replica at {}", instance.url),
        None => "no replica was running".to_owned(),
    })
}

async fn status(output: Output) -> Outcome {
    let cache = Cache::find()?;
    let replica = localchain::status(&cache, LocalKind::Replica).await?;
    let fork = localchain::status(&cache, LocalKind::Fork).await?;
    output.result(&json!({ "replica": replica, "fork": fork }), || {
        let line = |name: &str, status: &Option<localchain::Status>| match status {
            Some(status) => format!(
                "{name}: {} (pid {}, {}), block {} of {}",
                status.instance.url,
                status.instance.pid,
                status.instance.origin,
                status.head.number,
                status.head.timestamp.0
            ),
            None => format!("{name}: not running"),
        };
        format!("{}\n{}", line("replica", &replica), line("fork", &fork))
    })
}

/// Controls of the chain at `--rpc-url`, or of the running replica or fork.
pub(super) async fn controls(global: &GlobalArgs) -> Outcome<Controls> {
    let kit = Kit::find()?;
    let loaded = global.settings()?;
    if let Some(url) = loaded.config.rpc.urls.first() {
        return Ok(Controls::connect(url.expose().as_str(), &kit).await?);
    }
    for kind in [LocalKind::Replica, LocalKind::Fork] {
        if let Some(status) = localchain::status(kit.cache(), kind).await? {
            return Ok(Controls::connect(&status.instance.url, &kit).await?);
        }
    }
    Err(Failure::message(Exit::Configuration, "no replica or fork runs: start one with `trimtab replica start`"))
}

async fn price(global: &GlobalArgs, args: PriceArgs) -> Outcome {
    let scope = match (args.no_pools, args.no_feed) {
        (true, _) => PriceScope::FeedOnly,
        (_, true) => PriceScope::PoolsOnly,
        _ => PriceScope::Everything,
    };
    let change = PriceChange::parse(&args.asset, &args.price)?;
    let report = controls(global).await?.price(&change, scope).await?;
    global.output().result(&report, || {
        let prices: Vec<Vec<String>> =
            report.prices.iter().map(|moved| vec![moved.asset.clone(), usd(moved.before), usd(moved.after)]).collect();
        let pools: Vec<Vec<String>> = report
            .pools
            .iter()
            .map(|pool| vec![pool.name.clone(), pool.tick_before.to_string(), pool.tick_after.to_string()])
            .collect();
        format!(
            "block {}\n{}\n{}",
            report.block.number,
            table(&["oracle", "before", "after"], &prices),
            table(&["pool (tick)", "before", "after"], &pools)
        )
    })
}

fn usd(price: U256) -> String {
    format!("{} USD", format_units(price, 8))
}

async fn warp(global: &GlobalArgs, args: WarpArgs) -> Outcome {
    let age = if args.refresh_feeds { FeedAge::Refreshed } else { FeedAge::Grows };
    let head = controls(global).await?.warp(Secs(args.duration.as_secs()), age).await?;
    global.output().result(&head, || format!("block {} of {}", head.number, head.timestamp.0))
}

async fn fund(global: &GlobalArgs, args: FundArgs) -> Outcome {
    let usage = |error: String| Failure::message(Exit::Usage, error);
    let parse = |field: &str, text: &str, decimals| {
        parse_units(text, decimals).map_err(|error| usage(format!("{field}: {error}")))
    };
    let wei = args.eth.as_deref().map_or(Ok(U256::ZERO), |text| parse("--eth", text, 18))?;
    let mut wanted: Vec<(String, String)> = args.usdc.into_iter().map(|amount| ("USDC".to_owned(), amount)).collect();
    for text in &args.token {
        let (symbol, amount) = text
            .split_once('=')
            .ok_or_else(|| usage(format!("--token {text}: write SYMBOL=AMOUNT, such as cbETH=10")))?;
        wanted.push((symbol.to_owned(), amount.to_owned()));
    }
    if wei.is_zero() && wanted.is_empty() {
        return Err(usage("nothing to give: --eth, --usdc or --token".to_owned()));
    }
    let mut tokens = Vec::new();
    for (symbol, amount) in &wanted {
        let (address, decimals) = localchain::token(symbol)?;
        tokens.push((address, parse(symbol, amount, decimals)?));
    }
    controls(global).await?.fund(args.address, wei, &tokens).await?;
    global.output().result(&json!({ "funded": args.address, "wei": wei, "tokens": tokens }), || {
        let mut given: Vec<String> = wanted.iter().map(|(symbol, amount)| format!("{amount} {symbol}")).collect();
        given.extend(args.eth.iter().map(|amount| format!("{amount} ETH")));
        format!("{} has {} more", args.address, given.join(", "))
    })
}
