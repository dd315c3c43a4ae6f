//! `simulate`: stories on replicas of their own, beside the arithmetic.

use clap::{Args, Subcommand};
use rust_decimal::{Decimal, dec};
use schemars::JsonSchema;
use serde::Serialize;

use super::{crash as simulate_crash, crash::CrashArgs};
use crate::{
    cli::{
        replica::state::ensure_state,
        shared::{
            document::document,
            exit::{Exit, Failure, Outcome},
            global::GlobalArgs,
            output::table,
        },
    },
    config::TableName,
    localchain::{ComposerSource, Kit, PerpsVersion},
    scenarios::{Cell, CellResult, End, grid, play},
    units::format_units,
};

/// Stories on replicas of their own, compared with the arithmetic.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SimulateCommand {
    /// The five scenarios under every sizing table: the plan, and where it is feasible a win, a loss and a fall of ether.
    Scenarios(ScenarioArgs),
    /// Seeded price paths on replicas, the watch at work and a liquidator racing it; a twin left alone beside each loop.
    Crash(CrashArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ScenarioArgs {
    /// Only this table; repeat for more. All built-in ones without it.
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
    /// Base capital in US dollars; repeat for more. 30 and 3000 without it.
    #[arg(long, value_name = "USD")]
    base: Vec<Decimal>,
    /// Only this scenario, 1 to 5; repeat for more.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=5))]
    scenario: Vec<u8>,
    /// With a loop that is there before, at this leverage; it is brought back to it at the end. None without it.
    #[arg(long, value_name = "LEVERAGE")]
    existing_loop: Option<Decimal>,
    /// Lower leverage to what fits instead of refusing.
    #[arg(long)]
    cap: bool,
}

/// Scenarios beside the arithmetic.
#[derive(Debug, Serialize, JsonSchema)]
struct Played<'a> {
    cells: &'a [CellResult],
    /// Ends that are not what the arithmetic says.
    apart: usize,
}

document!("scenarios": Played<'_>);

pub(in crate::cli) async fn run(global: &GlobalArgs, command: SimulateCommand) -> Outcome {
    let args = match command {
        SimulateCommand::Scenarios(args) => args,
        SimulateCommand::Crash(args) => return simulate_crash::run(global, &args).await,
    };
    let output = global.output();
    let config = global.settings()?.config;
    let tables = tables(&args.table)?;
    let bases = if args.base.is_empty() { vec![dec!(30), dec!(3000)] } else { args.base };
    let kit = Kit::find()?;
    let state = ensure_state(output, &kit, ComposerSource::Remembered, PerpsVersion::V1).await?;
    let mut results = Vec::new();
    let with = |cell| Cell { loop_before: args.existing_loop, cap: args.cap, ..cell };
    let wanted = |number| args.scenario.is_empty() || args.scenario.contains(&number);
    let cells: Vec<_> =
        grid(&tables, &bases).into_iter().map(with).filter(|cell| wanted(cell.scenario.number)).collect();
    for (at, cell) in cells.iter().enumerate() {
        let name = cell.scenario.name;
        output.note(format!("{} of {}: {name}, {} at {}", at + 1, cells.len(), cell.table, cell.base));
        results.push(play(&kit, &state, &config, *cell).await?);
    }
    let apart = results.iter().flat_map(|cell| &cell.executed).filter(|executed| !executed.agrees()).count();
    let document = Played { cells: &results, apart };
    output.result(&document, || text(&results))?;
    if apart == 0 {
        return Ok(());
    }
    Err(Failure::after_result(Exit::Reverted, format!("{apart} ends are not what the arithmetic says")))
}

fn tables(names: &[String]) -> Outcome<Vec<TableName>> {
    if names.is_empty() {
        return Ok(TableName::ALL.iter().copied().filter(|table| *table != TableName::Custom).collect());
    }
    let find = |name: &String| {
        let found = TableName::ALL.iter().copied().find(|table| table.name() == name);
        found.ok_or_else(|| Failure::message(Exit::Usage, format!("--table: `{name}` is no sizing table")))
    };
    names.iter().map(find).collect()
}

fn text(results: &[CellResult]) -> String {
    let header = ["", "plan", "win", "loss", "ETH -10 %", "executed", "apart"];
    let rows: Vec<Vec<String>> = results.iter().map(row).collect();
    let mut lines = vec![table(&header, &rows), String::new()];
    for cell in results.iter().filter(|cell| !cell.assessment.is_feasible()) {
        let name = format!("{} {} at {}", cell.scenario, cell.table, cell.base);
        lines.extend(cell.assessment.refusals.iter().map(|refusal| format!("{name}: {refusal}")));
    }
    lines.join("\n")
}

fn row(cell: &CellResult) -> Vec<String> {
    let assessment = &cell.assessment;
    let size = &assessment.size;
    let plan = format!(
        "{}x, {} x {}",
        assessment.loop_target.normalize(),
        size.margin.round_dp(2).normalize(),
        size.perp_leverage.normalize()
    );
    let net = |of: fn(&crate::strategy::Outcome) -> Decimal| {
        assessment.outcome.as_ref().map_or_else(|| "none".to_owned(), |outcome| of(outcome).round_dp(3).to_string())
    };
    let executed = if cell.executed.is_empty() {
        "refused".to_owned()
    } else {
        let paid = |end: End| cell.executed.iter().find(|done| done.end == end);
        let all = End::ALL.iter().filter_map(|end| paid(*end)).map(|done| format_units(done.paid.0, 6));
        all.collect::<Vec<_>>().join(" / ")
    };
    let apart = cell.executed.iter().map(|done| {
        let ppm = done.loop_gap.ppm().map_or_else(|| "some of nothing".to_owned(), |ppm| ppm.to_string());
        format!("{}u {ppm}ppm", done.difference)
    });
    vec![
        format!("{} {} at {}", cell.scenario, cell.table, cell.base),
        plan,
        net(|outcome| outcome.win.net),
        net(|outcome| outcome.loss.net),
        cell.shock.normalize().to_string(),
        executed,
        apart.collect::<Vec<_>>().join(", "),
    ]
}
