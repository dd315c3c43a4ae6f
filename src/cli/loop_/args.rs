//! Flags of the `loop` commands.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use rust_decimal::Decimal;

use crate::loops::{Target, TargetError, ThresholdChange};

/// Open, adjust and close an Aave v3 loop; each action is one transaction, shown first and sent only with --broadcast.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum LoopCommand {
    /// Open a loop: put equity in and borrow against it up to a target.
    Open(OpenArgs),
    /// Bring a loop to another leverage, health factor or LTV, up or down.
    Adjust(AdjustArgs),
    /// Put equity into a loop.
    Deposit(DepositArgs),
    /// Take equity out of a loop.
    Withdraw(WithdrawArgs),
    /// Close a loop, or a fraction of it.
    Close(CloseArgs),
    /// Use a supply as collateral, or stop using it.
    Collateral(CollateralArgs),
    /// Take over a position that was opened elsewhere, and set its thresholds.
    Adopt(AdoptArgs),
    /// List the pairs that can be looped now, with leverage, carry and swap costs; with --all why the others cannot.
    Pairs(PairsArgs),
}

/// A number as people write it: digits with at most one point. No exponents, and nothing is rounded.
pub(in crate::cli) fn decimal(text: &str) -> Result<Decimal, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    let value = if plain { Decimal::from_str_exact(text).ok() } else { None };
    value.ok_or_else(|| "not a plain decimal number such as 3 or 1.25".to_owned())
}

/// Which pair.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct PairArgs {
    /// Collateral asset: symbol or address.
    #[arg(long, default_value = "WETH", value_name = "ASSET")]
    pub(in crate::cli) collateral: String,
    /// Debt asset: symbol or address.
    #[arg(long, default_value = "USDC", value_name = "ASSET")]
    pub(in crate::cli) debt: String,
    /// Act on amounts that the journal did not open, too.
    #[arg(long)]
    pub(in crate::cli) include_existing: bool,
}

/// What to bring the loop to.
#[derive(Debug, Clone, Copy, Args)]
#[command(group(ArgGroup::new("aim").args(["leverage", "health_factor", "ltv"])))]
pub(in crate::cli) struct TargetArgs {
    /// Collateral / (collateral − debt), such as 3.
    #[arg(long, short = 'L', value_name = "X", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) leverage: Option<Decimal>,
    /// Aave's health factor after the action, such as 1.3.
    #[arg(long, value_name = "HF", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) health_factor: Option<Decimal>,
    /// Debt / collateral, such as 0.6.
    #[arg(long, value_name = "SHARE", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) ltv: Option<Decimal>,
}

impl TargetArgs {
    /// The target, `None` when none is given.
    pub(in crate::cli) fn target(self) -> Result<Option<Target>, TargetError> {
        let leverage = self.leverage.map(Target::Leverage);
        let health_factor = self.health_factor.map(Target::HealthFactor);
        let ltv = self.ltv.map(Target::Ltv);
        leverage.or(health_factor).or(ltv).map(Target::validate).transpose()
    }
}

/// Equity put in or taken out.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("amount").args(["equity", "equity_usdc"]).required(true)))]
pub(in crate::cli) struct EquityArgs {
    /// Equity in the collateral asset, such as 10. For WETH it is taken from ETH (see --wrapped).
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub(in crate::cli) equity: Option<String>,
    /// Equity in USDC (or the loop's other stable debt asset), swapped into the collateral.
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    pub(in crate::cli) equity_usdc: Option<String>,
    /// Use WETH from the wallet instead of ETH.
    #[arg(long)]
    pub(in crate::cli) wrapped: bool,
}

/// Limits and sources of one action.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct ActionArgs {
    /// Flash loan source instead of the cheapest one.
    #[arg(long, value_enum)]
    pub(in crate::cli) flash: Option<FlashArg>,
    /// Most that a swap may lose against quote and oracle, in basis points; at most 1000 where it adds risk, else 2000.
    #[arg(long, value_name = "BPS", allow_negative_numbers = true)]
    pub(in crate::cli) slippage_bps: Option<u32>,
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

/// Names of flash loan sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FlashArg {
    /// Morpho Blue (no fee).
    Morpho,
    /// Aave v3 (0.05 %).
    Aave,
    /// A Uniswap v3 pool (its swap fee).
    Uniswap,
}

/// Thresholds that differ from the defaults of the loop's class.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Thresholds (health factors; defaults by the pair's class)")]
pub(in crate::cli) struct ThresholdArgs {
    /// Alert below this health factor.
    #[arg(long, value_name = "HF", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) warn: Option<Decimal>,
    /// Trim below this health factor.
    #[arg(long, value_name = "HF", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) trigger: Option<Decimal>,
    /// Health factor a trim ends at.
    #[arg(long, value_name = "HF", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) target: Option<Decimal>,
    /// Trim at urgent bounds below this health factor.
    #[arg(long, value_name = "HF", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) urgent: Option<Decimal>,
}

impl ThresholdArgs {
    /// What differs from the thresholds so far.
    pub(in crate::cli) const fn change(&self) -> ThresholdChange {
        let Self { warn, trigger, target, urgent } = *self;
        ThresholdChange { warn, trigger, target, urgent }
    }
}

/// `loop open`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct OpenArgs {
    /// Pair.
    #[command(flatten)]
    pub(in crate::cli) pair: PairArgs,
    /// Equity put in.
    #[command(flatten)]
    pub(in crate::cli) equity: EquityArgs,
    /// Target; needed.
    #[command(flatten)]
    pub(in crate::cli) to: TargetArgs,
    /// Thresholds stored with the loop.
    #[command(flatten)]
    pub(in crate::cli) thresholds: ThresholdArgs,
    /// Limits and sending.
    #[command(flatten)]
    pub(in crate::cli) action: ActionArgs,
}

/// `loop adjust`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct AdjustArgs {
    /// Pair.
    #[command(flatten)]
    pub(in crate::cli) pair: PairArgs,
    /// Target; may be left out to change thresholds only.
    #[command(flatten)]
    pub(in crate::cli) to: TargetArgs,
    /// Thresholds that change.
    #[command(flatten)]
    pub(in crate::cli) thresholds: ThresholdArgs,
    /// Limits and sending.
    #[command(flatten)]
    pub(in crate::cli) action: ActionArgs,
}

/// `loop deposit`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct DepositArgs {
    /// Pair.
    #[command(flatten)]
    pub(in crate::cli) pair: PairArgs,
    /// Equity put in.
    #[command(flatten)]
    pub(in crate::cli) equity: EquityArgs,
    /// Borrow more so that the leverage stays what it is.
    #[arg(long)]
    pub(in crate::cli) keep_leverage: bool,
    /// Limits and sending.
    #[command(flatten)]
    pub(in crate::cli) action: ActionArgs,
}

/// `loop withdraw`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct WithdrawArgs {
    /// Pair.
    #[command(flatten)]
    pub(in crate::cli) pair: PairArgs,
    /// Equity taken out.
    #[command(flatten)]
    pub(in crate::cli) equity: EquityArgs,
    /// Repay so that the leverage stays what it is.
    #[arg(long)]
    pub(in crate::cli) keep_leverage: bool,
    /// Limits and sending.
    #[command(flatten)]
    pub(in crate::cli) action: ActionArgs,
}

/// In which asset a closed loop is paid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PayoutArg {
    /// Everything is sold into the debt asset.
    Debt,
    /// Only what repays the debt is sold; the rest is paid out as collateral.
    Collateral,
}

/// `loop close`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct CloseArgs {
    /// Pair.
    #[command(flatten)]
    pub(in crate::cli) pair: PairArgs,
    /// Asset to be paid out in.
    #[arg(long, value_enum, default_value = "collateral")]
    pub(in crate::cli) to: PayoutArg,
    /// Close only this share, such as 0.5.
    #[arg(long, value_name = "SHARE", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) fraction: Option<Decimal>,
    /// Be paid in WETH instead of ETH.
    #[arg(long)]
    pub(in crate::cli) wrapped: bool,
    /// Limits and sending.
    #[command(flatten)]
    pub(in crate::cli) action: ActionArgs,
}

/// `loop collateral`.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("use").args(["enable", "disable"]).required(true)))]
pub(in crate::cli) struct CollateralArgs {
    /// Let the account's supply of this asset back its debt: symbol or address.
    #[arg(long, value_name = "ASSET")]
    pub(in crate::cli) enable: Option<String>,
    /// Let it back no debt any more, as far as the health factor allows.
    #[arg(long, value_name = "ASSET")]
    pub(in crate::cli) disable: Option<String>,
    /// Limits and sending.
    #[command(flatten)]
    pub(in crate::cli) action: ActionArgs,
}

/// `loop adopt`.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct AdoptArgs {
    /// Pair.
    #[command(flatten)]
    pub(in crate::cli) pair: PairArgs,
    /// Thresholds stored with the loop.
    #[command(flatten)]
    pub(in crate::cli) thresholds: ThresholdArgs,
}

/// Which pairs can be looped now, as a new account would open them; nothing is planned for an account.
#[derive(Debug, Args)]
pub(in crate::cli) struct PairsArgs {
    /// Equity in dollars that fee, price impact and caps are told for.
    #[arg(long, value_name = "USD", default_value = "10000", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) equity: Decimal,
    /// Leverage that they are told for; a pair that cannot have so much is told at the most that it can.
    #[arg(long, short = 'L', value_name = "X", default_value = "2", value_parser = decimal, allow_hyphen_values = true)]
    pub(in crate::cli) leverage: Decimal,
    /// The impossible ones too, each with its reason.
    #[arg(long)]
    pub(in crate::cli) all: bool,
}
