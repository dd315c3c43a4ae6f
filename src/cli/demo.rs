//! `demo`: the story on the offline replica.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    replica::state::ensure_state,
    shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        output::table,
        plan_view::{plan_text, settlement_text, simulation_text},
    },
    signal::view::assessment_text,
};
use crate::{
    localchain::{ComposerSource, Kit, PerpsVersion},
    plan::Plan,
    scenarios::{Beat, Stage, StoryError, demo},
    units::format_units,
    watchdog::runner::HeadOutcome,
};

#[derive(Debug, Args)]
pub(super) struct DemoArgs {}

/// The story as it went.
#[derive(Debug, Serialize, JsonSchema)]
struct Story {
    #[schemars(with = "Vec<Beat<'static>>")]
    beats: Vec<serde_json::Value>,
}

document!("demo" / 2: Story);

pub(super) async fn run(global: &GlobalArgs, _: &DemoArgs) -> Outcome {
    let output = global.output();
    let kit = Kit::find()?;
    let state = ensure_state(output, &kit, ComposerSource::Remembered, PerpsVersion::V1).await?;
    let journal = tempfile::tempdir().map_err(|error| Failure::message(Exit::Configuration, error))?;
    let stage = Stage::at_cadence(&kit, &state, journal.path()).await?;
    let mut beats = Vec::new();
    let mut broken = None;
    if !output.json {
        output.text(&format!("the replica of Base runs at {} (composer: {})", stage.url(), state.composer()))?;
    }
    let told = demo(stage, &kit, |beat| {
        if output.json {
            beats.extend(serde_json::to_value(&beat).ok());
        } else if let Err(failure) = output.text(&words(&beat)) {
            broken.get_or_insert(failure);
        }
    });
    Box::pin(told).await?;
    if output.json {
        return output.result(&Story { beats }, String::new);
    }
    broken.map_or(Ok(()), Err)
}

fn words(beat: &Beat<'_>) -> String {
    match beat {
        Beat::Chapter { title } => format!("\n━━ {title}\n"),
        Beat::Planned { plan } => plan_text(plan, None),
        Beat::Done { simulation, settlement } => {
            format!("\n{}\nsent: {}", simulation_text(simulation), settlement_text(settlement))
        }
        Beat::PriceMoved { report } => {
            let row = |moved: &crate::localchain::PriceMoved| {
                let usd = |price| format!("{} USD", format_units(price, 8));
                vec![moved.asset.clone(), usd(moved.before), usd(moved.after)]
            };
            let rows: Vec<Vec<String>> = report.prices.iter().map(row).collect();
            table(&["oracle", "before", "after"], &rows)
        }
        Beat::Standing { plan } => standing(plan),
        Beat::Assessed { assessment } => assessment_text(assessment, "the replica", "WETH"),
        Beat::Traded { report } => report.words(),
        Beat::Watched { turn } => watched(turn),
    }
}

fn watched(turn: &HeadOutcome) -> String {
    let mut lines: Vec<String> =
        turn.firings.iter().map(|firing| format!("{} {}: {}", firing.severity, firing.rule, firing.reason)).collect();
    match &turn.acted {
        Some(acted) => lines.push(format!("acted: {}", acted.words)),
        None => lines.push("nothing to do".to_owned()),
    }
    lines.join("\n")
}

fn standing(plan: &Plan) -> String {
    let shown = ["collateral", "debt", "leverage", "health_factor", "trim_price", "liquidation_price", "net_carry"];
    let figures = plan.figures.iter().filter(|figure| shown.contains(&figure.name.as_str()));
    let rows: Vec<Vec<String>> = figures.map(|figure| vec![figure.label.clone(), figure.before.to_string()]).collect();
    table(&["", "now"], &rows)
}

impl From<StoryError> for Failure {
    fn from(error: StoryError) -> Self {
        match error {
            StoryError::LocalChain(error) => error.into(),
            StoryError::Config(error) => error.into(),
            StoryError::Connect(error) => error.into(),
            StoryError::Identity(error) => error.into(),
            StoryError::Read(error) => error.into(),
            StoryError::Query(error) => error.into(),
            StoryError::Wallet(error) => error.into(),
            StoryError::Signing(error) => error.into(),
            StoryError::Journal(error) => error.into(),
            StoryError::Pair(error) => error.into(),
            StoryError::Plan(error) => error.into(),
            StoryError::Refusal(error) => error.into(),
            StoryError::Simulation(error) => error.into(),
            StoryError::Execute(error) => error.into(),
            StoryError::Perp(error) => error.into(),
            StoryError::Trade(error) => error.into(),
            StoryError::Signal(error) => error.into(),
            StoryError::Saga(error) => error.into(),
            StoryError::Watch(error) => Self::new(Exit::from_code(error.exit_code()), error),
            StoryError::Math(error) => Self::new(Exit::Bug, error),
            other => Self::new(Exit::Reverted, other),
        }
    }
}
