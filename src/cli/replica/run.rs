//! `replica`: build, start, stop and steer the offline replica of Base.

use alloy::primitives::{Address, B256, U256};
use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    args::PRICE_PORT,
    controls::{controls, url_of_local_chain},
    price as replica_price,
    price::{LiquidateArgs, PriceArgs},
    processes::{StartArgs, StopArgs, start, status, stop},
    state::ensure_state,
};
use crate::{
    chain::BlockRef,
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        output::Output,
    },
    localchain::{self, Behaviour, ComposerSource, Conduct, FeedAge, Keeper, KeeperOptions, Kit, PerpsVersion},
    plan::Quantity,
    units::{Millis, Secs, parse_units},
};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ReplicaCommand {
    /// Build the replica's state, once; it is cached.
    Build(BuildArgs),
    /// Start the replica in the background.
    Start(StartArgs),
    /// Stop a replica.
    Stop(StopArgs),
    /// Show which replicas run, and where.
    Status,
    /// Move a price: the feeds and every pool of the asset, in one block.
    Price(PriceArgs),
    /// Bring the standard feeds' prices to Aave's oracle and liquidate an account, in one transaction.
    Liquidate(LiquidateArgs),
    /// Let time pass.
    Warp(WarpArgs),
    /// Give an account ether and tokens.
    Fund(FundArgs),
    /// Keep the perpetuals venue of a local chain in the foreground, with its price service; `start` does it for the replica.
    Keeper(KeeperArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BuildArgs {
    /// Take the composer's and the forwarder's code from a live RPC instead of our stand-ins.
    #[arg(long, value_name = "RPC_URL")]
    composer_from: Option<String>,
    /// Version of the perpetuals venue: v1 or v2.
    #[arg(long, value_name = "VERSION", default_value_t)]
    perps: PerpsVersion,
    /// Forget code taken from a live RPC and use our stand-ins again.
    #[arg(long, conflicts_with = "composer_from")]
    stand_ins: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct KeeperArgs {
    /// Port of the price service on loopback; 0 takes any free one.
    #[arg(long, default_value_t = PRICE_PORT)]
    price_port: u16,
    /// Let every order lie for this long first.
    #[arg(long, value_name = "DURATION")]
    delay: Option<humantime::Duration>,
    /// Cancel market orders with a refund instead of filling them.
    #[arg(long, conflicts_with = "idle")]
    refuse: bool,
    /// Fill market orders at these dollars instead of the feed's.
    #[arg(long, value_name = "PRICE")]
    fill_at: Option<String>,
    /// Do nothing, like a keeper that is down; only serve prices.
    #[arg(long)]
    idle: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WarpArgs {
    /// How long, such as 1d or 90min.
    duration: humantime::Duration,
    /// Let the price feeds say the same again, as of the new block.
    #[arg(long)]
    refresh_feeds: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FundArgs {
    /// Who.
    #[arg(value_parser = crate::chain::address)]
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

/// The state that replicas start from.
#[derive(Debug, Serialize, JsonSchema)]
struct Built<'a> {
    /// Its file.
    state: &'a std::path::Path,
    /// Hash over all accounts in it.
    accounts: &'a str,
    /// Whose code stands for the composer.
    composer: &'a str,
    /// Which version of the perpetuals venue it has.
    perps: PerpsVersion,
}

/// A keeper in the foreground.
#[derive(Debug, Serialize, JsonSchema)]
struct KeeperStarted<'a> {
    /// Its price service.
    price_url: &'a str,
    /// The chain's instance.
    instance: B256,
}

/// Time has passed.
#[derive(Debug, Serialize, JsonSchema)]
struct Warped {
    #[serde(flatten)]
    head: BlockRef,
}

/// Money was given.
#[derive(Debug, Serialize, JsonSchema)]
struct Funded {
    /// Who has more.
    funded: Address,
    /// What was added: ether, then tokens.
    given: Vec<Quantity>,
}

document!("replica-build": Built<'_>, "replica-keeper": KeeperStarted<'_>, "replica-warp": Warped, "replica-fund": Funded);

pub(in crate::cli) async fn run(global: &GlobalArgs, command: ReplicaCommand) -> Outcome {
    let output = global.output();
    match command {
        ReplicaCommand::Build(args) => build(output, &args).await,
        ReplicaCommand::Start(args) => start(global, args).await,
        ReplicaCommand::Stop(args) => stop(global, args).await,
        ReplicaCommand::Status => status(output).await,
        ReplicaCommand::Price(args) => replica_price::price(global, args).await,
        ReplicaCommand::Liquidate(args) => replica_price::liquidate(global, args).await,
        ReplicaCommand::Warp(args) => warp(global, args).await,
        ReplicaCommand::Fund(args) => fund(global, args).await,
        ReplicaCommand::Keeper(args) => keeper(global, &args).await,
    }
}

async fn build(output: Output, args: &BuildArgs) -> Outcome {
    let kit = Kit::find()?;
    let source = match &args.composer_from {
        Some(url) => ComposerSource::From(url),
        None if args.stand_ins => ComposerSource::StandIn,
        None => ComposerSource::Remembered,
    };
    let state = ensure_state(output, &kit, source, args.perps).await?;
    let document =
        Built { state: state.path(), accounts: state.account_hash(), composer: state.composer(), perps: state.perps() };
    output.result(&document, || {
        format!(
            "replica state ready: {}\ncomposer: {}\n{}\naccounts: {}",
            crate::text::path(state.path()),
            state.composer(),
            state.perps().words(),
            state.account_hash()
        )
    })
}

async fn keeper(global: &GlobalArgs, args: &KeeperArgs) -> Outcome {
    let kit = Kit::find()?;
    let price = |text: &String| {
        parse_units(text, 8).map_err(|error| Failure::message(Exit::Usage, format!("--fill-at {text}: {error}")))
    };
    let conduct = match (args.idle, args.refuse) {
        (true, _) => Conduct::Stop,
        (_, true) => Conduct::Refuse,
        _ => Conduct::Execute,
    };
    let delay = args.delay.map_or(0, |delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
    let behaviour = Behaviour { conduct, delay: Millis(delay), price: args.fill_at.as_ref().map(price).transpose()? };
    let url = url_of_local_chain(global).await?;
    let mut keeper = Keeper::start(&url, &kit, KeeperOptions { price_port: args.price_port, behaviour }).await?;
    let document = KeeperStarted { price_url: keeper.price_url(), instance: keeper.instance() };
    global.output().result(&document, || format!("keeper works, prices at {}", keeper.price_url()))?;
    tokio::select! {
        () = keeper.chain_ended() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(())
}

async fn warp(global: &GlobalArgs, args: WarpArgs) -> Outcome {
    let age = if args.refresh_feeds { FeedAge::Refreshed } else { FeedAge::Grows };
    let head = controls(global).await?.warp(Secs(args.duration.as_secs()), age).await?;
    global.output().result(&Warped { head }, || format!("block {} of {}", head.number, head.timestamp.0))
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
    let (mut tokens, mut amounts) = (Vec::new(), Vec::new());
    for (symbol, amount) in &wanted {
        let (address, decimals) = localchain::token(symbol)?;
        let amount = parse(symbol, amount, decimals)?;
        tokens.push((address, amount));
        amounts.push(Quantity::new(amount, decimals, symbol.clone()));
    }
    controls(global).await?.fund(args.address, wei, &tokens).await?;
    let given = std::iter::once(Quantity::new(wei, 18, "ETH")).filter(|ether| !ether.raw.is_zero());
    let funded = Funded { funded: args.address, given: given.chain(amounts).collect() };
    global.output().result(&funded, || {
        let mut given: Vec<String> = wanted.iter().map(|(symbol, amount)| format!("{amount} {symbol}")).collect();
        given.extend(args.eth.iter().map(|amount| format!("{amount} ETH")));
        format!("{} has {} more", args.address, given.join(", "))
    })
}
