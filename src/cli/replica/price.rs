//! `replica price` and `replica liquidate`.

use alloy::primitives::{Address, U256};
use clap::Args;

use super::controls::controls;
use crate::{
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        output::table,
    },
    localchain::{self, LiquidationReport, PriceChange, PriceMoved, PriceReport, PriceScope},
    units::{Secs, format_units},
};

#[derive(Debug, Args)]
pub(in crate::cli) struct PriceArgs {
    /// Asset, such as ETH or cbETH.
    asset: String,
    /// New price: dollars, or units of the base asset for staked ether (cbETH 1.10).
    price: String,
    /// Leave the pools where they are.
    #[arg(long, conflicts_with = "no_feed")]
    no_pools: bool,
    /// Leave the feeds where they are; pools only.
    #[arg(long)]
    no_feed: bool,
    /// Let Aave's oracle follow the standard feed (ETH and BTC have one) only so much later on the chain's clock.
    #[arg(long, value_name = "DURATION", conflicts_with = "no_feed")]
    oracle_delay: Option<humantime::Duration>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LiquidateArgs {
    /// Whose loops; an account that is healthy at the new prices is left alone.
    #[arg(value_parser = crate::chain::address)]
    address: Address,
}

document!("replica-price": PriceReport, "replica-liquidation": LiquidationReport);

pub(in crate::cli) async fn price(global: &GlobalArgs, args: PriceArgs) -> Outcome {
    let scope = match (args.no_pools, args.no_feed) {
        (true, _) => PriceScope::FeedOnly,
        (_, true) => PriceScope::PoolsOnly,
        _ => PriceScope::Everything,
    };
    let change = PriceChange::parse(&args.asset, &args.price)?;
    let delay = Secs(args.oracle_delay.map_or(0, |delay| delay.as_secs()));
    if args.oracle_delay.is_some() && delay == Secs(0) {
        return Err(Failure::message(Exit::Usage, "--oracle-delay: at least one second, or leave it out"));
    }
    let report = controls(global).await?.price_before_oracle(&change, scope, delay).await?;
    global.output().result(&report, || {
        let pools: Vec<Vec<String>> = report
            .pools
            .iter()
            .map(|pool| vec![pool.name.clone(), pool.tick_before.to_string(), pool.tick_after.to_string()])
            .collect();
        let mut parts = vec![format!("block {}", report.block.number)];
        if !report.standard_feeds.is_empty() {
            parts.push(table(&["standard feed", "before", "after"], &moves(&report.standard_feeds)));
        }
        parts.push(table(&["oracle", "before", "after"], &moves(&report.prices)));
        parts.extend(report.oracle_follows_at.map(|at| {
            format!(
                "Aave's oracle follows at {}, {} s after this block, or with `trimtab replica liquidate`",
                at.0, delay.0
            )
        }));
        parts.push(table(&["pool (tick)", "before", "after"], &pools));
        parts.join("\n")
    })
}

pub(in crate::cli) async fn liquidate(global: &GlobalArgs, args: LiquidateArgs) -> Outcome {
    let report = controls(global).await?.liquidate(args.address).await?;
    let amount = |symbol: &str, raw: U256| {
        let decimals = localchain::token(symbol).map_or(0, |(_, decimals)| decimals);
        format!("{} {symbol}", format_units(raw, decimals))
    };
    global.output().result(&report, || {
        let taken = report.taken.iter().map(|one| {
            format!("repaid {} and took {}", amount(&one.debt, one.covered), amount(&one.collateral, one.seized))
        });
        let taken = taken.collect::<Vec<_>>().join("\n");
        let taken = if taken.is_empty() { format!("{} is healthy: nothing was taken", args.address) } else { taken };
        let prices = table(&["oracle", "before", "after"], &moves(&report.prices));
        format!("block {}\n{prices}\n{taken}", report.block.number)
    })
}

fn moves(prices: &[PriceMoved]) -> Vec<Vec<String>> {
    prices.iter().map(|moved| vec![moved.asset.clone(), usd(moved.before), usd(moved.after)]).collect()
}

fn usd(price: U256) -> String {
    format!("{} USD", format_units(price, 8))
}
