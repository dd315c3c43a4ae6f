//! The flags of `signal`, and the file that it reads.

use std::{io::Read, path::PathBuf};

use clap::Args;
use rust_decimal::Decimal;

use crate::{
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
    },
    config::StrategyConfig,
    trade::{AssessOptions, saga::SignalOrder},
};

/// Settings of the sizing, above those of the file.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct SizingArgs {
    /// Loop equity that the table is scaled to, US dollars.
    #[arg(long, value_name = "USD")]
    base_capital: Option<Decimal>,
    /// Sizing table: option-a, option-b, option-c, matrix, kelly-notional, fixed-risk or custom.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Lower leverage to what fits instead of refusing.
    #[arg(long)]
    pub(in crate::cli) cap: bool,
    /// Below the pair's minimum: skip or raise-margin.
    #[arg(long, value_name = "POLICY")]
    below_minimum: Option<String>,
    /// Where the perp's margin comes from: wallet or borrow.
    #[arg(long, value_name = "SOURCE")]
    margin_from: Option<String>,
    /// Act on a loop that the journal did not open.
    #[arg(long)]
    pub(in crate::cli) include_existing: bool,
    /// Trade the table `matrix` on the live chain after all.
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

impl SizingArgs {
    /// The global flags with these above the settings of file and environment.
    pub(in crate::cli) fn over(&self, global: &GlobalArgs) -> GlobalArgs {
        let text = |value: &Option<String>| value.clone();
        let values = [
            ("strategy.base_capital", "--base-capital", self.base_capital.map(|usd| usd.to_string())),
            ("strategy.table", "--table", text(&self.table)),
            ("strategy.below_minimum", "--below-minimum", text(&self.below_minimum)),
            ("strategy.margin_from", "--margin-from", text(&self.margin_from)),
        ];
        let mut global = global.clone();
        global.overrides.extend(values.into_iter().filter_map(|(key, flag, value)| Some((key, flag, value?))));
        global
    }

    /// Whether any is given.
    pub(in crate::cli) const fn any(&self) -> bool {
        let Self { base_capital, table, cap, below_minimum, margin_from, include_existing, force } = self;
        let named = table.is_some() || below_minimum.is_some() || margin_from.is_some();
        base_capital.is_some() || named || *cap || *include_existing || *force
    }

    /// A signal with these and the settings, as whoever holds the journal takes it.
    pub(in crate::cli) fn order(&self, signal: String, settings: &StrategyConfig, paper: bool) -> SignalOrder {
        let strategy = StrategyConfig { cap: self.cap || settings.cap, ..settings.clone() };
        SignalOrder { signal, strategy, include_existing: self.include_existing, forced: self.force, paper }
    }

    /// What the user allows beyond the settings.
    pub(in crate::cli) const fn options(&self, paper: bool) -> AssessOptions {
        AssessOptions { cap: self.cap, include_existing: self.include_existing, forced: self.force, paper }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArgs {
    /// The signal: a file with one JSON object, or `-` for standard input.
    pub(in crate::cli) file: PathBuf,
    /// As paper trading would take it.
    #[arg(long)]
    pub(in crate::cli) paper: bool,
    #[command(flatten)]
    pub(in crate::cli) sizing: SizingArgs,
}

/// A file, or standard input.
pub(in crate::cli) fn read(file: &std::path::Path) -> Outcome<String> {
    let failed = |error: std::io::Error| Failure::message(Exit::Usage, format!("{}: {error}", crate::text::path(file)));
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(failed)
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RunArgs {
    /// The signal: a file with one JSON object, or `-` for standard input; with --follow a file that grows by lines.
    pub(in crate::cli) file: PathBuf,
    /// Trade it. Without this flag the trade is planned, checked, simulated and shown only.
    #[arg(long, conflicts_with = "paper")]
    pub(in crate::cli) broadcast: bool,
    /// Practise: live prices, no transactions, a journal and a governor of its own.
    #[arg(long)]
    pub(in crate::cli) paper: bool,
    /// Trade every new line of the file, until stopped.
    #[arg(long, conflicts_with = "detach")]
    pub(in crate::cli) follow: bool,
    /// End as soon as the perp is open; `trimtab signal resume` or the next run sees it through. Beside a daemon, which does
    /// that itself, end at once.
    #[arg(long)]
    pub(in crate::cli) detach: bool,
    #[command(flatten)]
    pub(in crate::cli) policies: PolicyArgs,
    #[command(flatten)]
    pub(in crate::cli) sizing: SizingArgs,
    /// Do not ask before sending (needed without a terminal).
    #[arg(long, short = 'y')]
    pub(in crate::cli) yes: bool,
}

/// What happens to the loop in the end, above the settings.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct PolicyArgs {
    /// The loop after the perp: restore, close or keep.
    #[arg(long, value_name = "POLICY")]
    after_perp: Option<String>,
    /// The loop when the perp is proven not to have opened: unwind or keep.
    #[arg(long, value_name = "POLICY")]
    on_perp_failure: Option<String>,
}

impl PolicyArgs {
    /// The global flags with these above the settings of file and environment.
    pub(in crate::cli) fn over(&self, mut global: GlobalArgs) -> GlobalArgs {
        let values = [
            ("strategy.after_perp", "--after-perp", self.after_perp.clone()),
            ("strategy.on_perp_failure", "--on-perp-failure", self.on_perp_failure.clone()),
        ];
        global.overrides.extend(values.into_iter().filter_map(|(key, flag, value)| Some((key, flag, value?))));
        global
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ResumeArgs {
    /// Go on with what was begun on paper.
    #[arg(long)]
    pub(in crate::cli) paper: bool,
    /// Stay until everything is over.
    #[arg(long)]
    pub(in crate::cli) stay: bool,
    #[command(flatten)]
    pub(in crate::cli) sizing: SizingArgs,
    /// Do not ask before sending (needed without a terminal).
    #[arg(long, short = 'y')]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// At most so many, newest first.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(in crate::cli) limit: u32,
}
