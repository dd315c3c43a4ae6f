//! `signal`: from a signal to a position.

use std::{io::Read, path::PathBuf};

use clap::{Args, Subcommand};
use rust_decimal::Decimal;

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    session::Session,
    signal_events::Assessed,
    signal_view::assessment_text,
    trade::desk,
};
use crate::{
    config::StrategyConfig,
    perps::{Interest, PerpVenue},
    strategy::Signal,
    trade::{
        AssessOptions, OpenTrades, assess, load_governor,
        saga::{SignalOrder, open_trades},
    },
    units::Millis,
};

/// From a signal to a position: sized by a table, checked against chain and venue, governed.
#[derive(Debug, Subcommand)]
pub(super) enum SignalCommand {
    /// Show everything a signal's trade would be; nothing is sent.
    Plan(PlanArgs),
    /// Trade a signal, or each new line of a growing file: loop, perp with stop and target, and the loop back.
    Run(super::signal_run::RunArgs),
    /// Go on with what earlier runs left open, as far as it goes now.
    Resume(super::signal_run::ResumeArgs),
    /// Show the signals that were taken and what became of each.
    List(super::signal_run::ListArgs),
}

/// Settings of the sizing, above those of the file.
#[derive(Debug, Clone, Args)]
pub(super) struct SizingArgs {
    /// Loop equity that the table is scaled to, US dollars.
    #[arg(long, value_name = "USD")]
    base_capital: Option<Decimal>,
    /// Sizing table: option-a, option-b, option-c, matrix, kelly-notional, fixed-risk or custom.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Lower leverage to what fits instead of refusing.
    #[arg(long)]
    pub(super) cap: bool,
    /// Below the pair's minimum: skip or raise-margin.
    #[arg(long, value_name = "POLICY")]
    below_minimum: Option<String>,
    /// Where the perp's margin comes from: wallet or borrow.
    #[arg(long, value_name = "SOURCE")]
    margin_from: Option<String>,
    /// Act on a loop that the journal did not open.
    #[arg(long)]
    pub(super) include_existing: bool,
    /// Trade the table `matrix` on the live chain after all.
    #[arg(long)]
    pub(super) force: bool,
}

impl SizingArgs {
    /// The global flags with these above the settings of file and environment.
    pub(super) fn over(&self, global: &GlobalArgs) -> GlobalArgs {
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
    pub(super) const fn any(&self) -> bool {
        let Self { base_capital, table, cap, below_minimum, margin_from, include_existing, force } = self;
        let named = table.is_some() || below_minimum.is_some() || margin_from.is_some();
        base_capital.is_some() || named || *cap || *include_existing || *force
    }

    /// A signal with these and the settings, as whoever holds the journal takes it.
    pub(super) fn order(&self, signal: String, settings: &StrategyConfig, paper: bool) -> SignalOrder {
        let strategy = StrategyConfig { cap: self.cap || settings.cap, ..settings.clone() };
        SignalOrder { signal, strategy, include_existing: self.include_existing, forced: self.force, paper }
    }

    /// What the user allows beyond the settings.
    pub(super) const fn options(&self, paper: bool) -> AssessOptions {
        AssessOptions { cap: self.cap, include_existing: self.include_existing, forced: self.force, paper }
    }
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// The signal: a file with one JSON object, or `-` for standard input.
    file: PathBuf,
    /// As paper trading would take it.
    #[arg(long)]
    paper: bool,
    #[command(flatten)]
    sizing: SizingArgs,
}

pub(super) async fn run(global: &GlobalArgs, command: SignalCommand) -> Outcome {
    match command {
        SignalCommand::Plan(args) => plan(global, args).await,
        SignalCommand::Run(args) => super::signal_run::run(global, args).await,
        SignalCommand::Resume(args) => super::signal_run::resume(global, args).await,
        SignalCommand::List(args) => super::signal_run::list(global, &args).await,
    }
}

async fn plan(global: &GlobalArgs, args: PlanArgs) -> Outcome {
    let text = read(&args.file)?;
    let global = args.sizing.over(global);
    // What is wrong with the signal itself is said before anybody is asked.
    let config = global.settings()?.config;
    let signal = Signal::parse(&text, &config.strategy)?;
    let session = Session::connect(&global).await?;
    signal.check_age(Millis(session.clock.wall_millis()), config.strategy.max_signal_age)?;
    let desk = desk(&session).await?;
    let reader = session.journal_reader(desk.account)?;
    let perps = desk.venue()?.snapshot(desk.account, &Interest::default()).await?;
    let governor = load_governor(&desk, reader.as_ref(), Some(&perps), args.paper).await?;
    let open = match &reader {
        Some(reader) => open_trades(&desk, reader, args.paper, &signal.id)
            .map_err(|error| Failure::new(Exit::from_code(error.exit_code()), error))?,
        None => OpenTrades::default(),
    };
    let assessment = assess(&desk, &signal, &governor, &open, &args.sizing.options(args.paper)).await?;
    let document = Assessed::new(&assessment);
    let collateral = &config.strategy.collateral;
    session.output.result(&document, || assessment_text(&assessment, &desk.network, collateral))?;
    if assessment.is_feasible() {
        return Ok(());
    }
    Err(Failure::after_result(Exit::Refused, format!("refused:\n  {}", assessment.refusals.join("\n  "))))
}

/// A file, or standard input.
pub(super) fn read(file: &std::path::Path) -> Outcome<String> {
    let failed = |error: std::io::Error| Failure::message(Exit::Usage, format!("{}: {error}", crate::text::path(file)));
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(failed)
}
