//! Flags of the `perp` commands.

use clap::{ArgGroup, Args, Subcommand};
use rust_decimal::Decimal;

use super::values::{LevelArg, SideArg, level, price};
use crate::{
    cli::loop_::args::decimal,
    perps::{PositionKey, PriceE10},
};

/// Open, change and close leveraged positions on the perpetuals venue; each action is shown first and sent only with
/// --broadcast.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PerpCommand {
    /// Open a position at the market, or place a limit order with --limit.
    Open(OpenArgs),
    /// Close a position, or a fraction of it, at the market.
    Close(CloseArgs),
    /// List positions, waiting orders and limit orders.
    List,
    /// Set, move or remove stop and target of a position.
    Tpsl(TpslArgs),
    /// Put margin into a position or take it out; the size stays.
    #[command(subcommand)]
    Margin(MarginCommand),
    /// Take a limit order back.
    Cancel(CancelArgs),
    /// Show hashes and signatures of the venue's signed orders, of a file or of an order; nothing is sent.
    Intent(Box<super::intent::IntentArgs>),
}

fn key(text: &str) -> Result<PositionKey, String> {
    text.parse().map_err(|error: crate::perps::KeyError| error.to_string())
}

/// `0:1`, or `limit:0:1` as orders are printed.
fn limit_order(text: &str) -> Result<PositionKey, String> {
    key(text.strip_prefix("limit:").unwrap_or(text))
}

/// How a plan is sent.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct SendingArgs {
    /// Send it. Without this flag the action is planned, checked, simulated and shown only.
    #[arg(long)]
    pub(in crate::cli) broadcast: bool,
    /// Do not ask before sending (needed without a terminal).
    #[arg(long, short = 'y')]
    pub(in crate::cli) yes: bool,
    /// Write the plan to a file, to be sent later by `trimtab send`.
    #[arg(long, value_name = "FILE", conflicts_with = "broadcast")]
    pub(in crate::cli) plan_out: Option<std::path::PathBuf>,
}

/// `perp open`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct OpenArgs {
    /// Pair, such as ETH/USD.
    #[arg(long, value_name = "PAIR")]
    pub(in crate::cli) pair: String,
    /// Direction.
    #[arg(long, value_enum)]
    pub(in crate::cli) side: SideArg,
    /// USDC put in; the opening fee comes out of it.
    #[arg(long, value_name = "USDC", allow_hyphen_values = true)]
    pub(in crate::cli) margin: String,
    /// Leverage of what is left, such as 10.
    #[arg(long, short = 'L', value_name = "X", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) leverage: Decimal,
    /// Target: a price, or a distance from the entry such as 4%.
    #[arg(long, value_name = "PRICE|%", value_parser = level, allow_hyphen_values = true)]
    pub(in crate::cli) tp: Option<LevelArg>,
    /// Stop: a price, or a distance from the entry such as 2%.
    #[arg(long, value_name = "PRICE|%", value_parser = level, allow_hyphen_values = true)]
    pub(in crate::cli) sl: Option<LevelArg>,
    /// Wait for this price instead of opening at the market.
    #[arg(long, value_name = "PRICE", value_parser = price, allow_hyphen_values = true)]
    pub(in crate::cli) limit: Option<PriceE10>,
    /// Most that the fill may be worse than the mark, in basis points, at most 1000 (perps.slippage_bps without it).
    #[arg(long, value_name = "BPS", allow_negative_numbers = true)]
    pub(in crate::cli) slippage_bps: Option<u32>,
    /// Take the price service's word where nothing on chain says what the pair costs (perps.unchecked_prices for signals). A
    /// price that the chain contradicts is refused all the same.
    #[arg(long)]
    pub(in crate::cli) unchecked_price: bool,
    /// How it is sent.
    #[command(flatten)]
    pub(in crate::cli) sending: SendingArgs,
}

/// Which position.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("which").args(["id", "pair"]).required(true)))]
pub(in crate::cli) struct WhichArgs {
    /// The position as `perp list` names it, such as 0:1.
    #[arg(value_name = "ID", value_parser = key)]
    pub(in crate::cli) id: Option<PositionKey>,
    /// The only position of this pair.
    #[arg(long, value_name = "PAIR")]
    pub(in crate::cli) pair: Option<String>,
}

/// `perp close`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct CloseArgs {
    /// Position.
    #[command(flatten)]
    pub(in crate::cli) which: WhichArgs,
    /// Close only this share of the margin, such as 0.5.
    #[arg(long, value_name = "SHARE", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) fraction: Option<Decimal>,
    /// How it is sent.
    #[command(flatten)]
    pub(in crate::cli) sending: SendingArgs,
}

/// `perp tpsl`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct TpslArgs {
    /// Position.
    #[command(flatten)]
    pub(in crate::cli) which: WhichArgs,
    /// Target: a price, a distance from the entry such as 4%, or `none`. Left as it is without this flag.
    #[arg(long, value_name = "PRICE|%|none", value_parser = level, allow_hyphen_values = true)]
    pub(in crate::cli) tp: Option<LevelArg>,
    /// Stop: a price, a distance from the entry such as 2%, or `none`. Left as it is without this flag.
    #[arg(long, value_name = "PRICE|%|none", value_parser = level, allow_hyphen_values = true)]
    pub(in crate::cli) sl: Option<LevelArg>,
    /// How it is sent.
    #[command(flatten)]
    pub(in crate::cli) sending: SendingArgs,
}

/// `perp margin`.
#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum MarginCommand {
    /// Put USDC in: leverage falls, liquidation moves away.
    Add(MarginArgs),
    /// Take USDC out: leverage rises, liquidation comes nearer.
    Remove(MarginArgs),
}

/// An amount and a position.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct MarginArgs {
    /// USDC.
    #[arg(value_name = "USDC")]
    pub(in crate::cli) amount: String,
    /// Position.
    #[command(flatten)]
    pub(in crate::cli) which: WhichArgs,
    /// How it is sent.
    #[command(flatten)]
    pub(in crate::cli) sending: SendingArgs,
}

/// `perp cancel`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct CancelArgs {
    /// The limit order as `perp list` or the journal name it, such as 0:1 or limit:0:1.
    #[arg(value_name = "ID", value_parser = limit_order)]
    pub(in crate::cli) id: PositionKey,
    /// How it is sent.
    #[command(flatten)]
    pub(in crate::cli) sending: SendingArgs,
}
