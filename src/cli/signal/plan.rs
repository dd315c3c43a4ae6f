//! `signal`: from a signal to a position.

use clap::Subcommand;

use super::{
    args::{PlanArgs, read},
    events::Assessed,
    view::assessment_text,
};
use crate::{
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        session::Session,
        trade::desk,
    },
    perps::Interest,
    strategy::Signal,
    trade::{OpenTrades, assess, load_governor, saga::open_trades},
    units::Millis,
};

/// From a signal to a position: sized by a table, checked against chain and venue, governed.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SignalCommand {
    /// Show everything a signal's trade would be; nothing is sent.
    Plan(PlanArgs),
    /// Trade a signal, or each new line of a growing file: loop, perp with stop and target, and the loop back.
    Run(super::args::RunArgs),
    /// Go on with what earlier runs left open, as far as it goes now.
    Resume(super::args::ResumeArgs),
    /// Show the signals that were taken and what became of each.
    List(super::args::ListArgs),
}

pub(in crate::cli) async fn run(global: &GlobalArgs, command: SignalCommand) -> Outcome {
    match command {
        SignalCommand::Plan(args) => plan(global, args).await,
        SignalCommand::Run(args) => super::run::run(global, args).await,
        SignalCommand::Resume(args) => super::run::resume(global, args).await,
        SignalCommand::List(args) => super::run::list(global, &args).await,
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
