//! `flatten`: close everything, open nothing.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::shared::{
    document::document,
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    output::{Output, table},
    prompt::confirm,
    session::Session,
    trade::desk_as_far_as_known,
};
use crate::{
    perps::{Interest, OrderPatience},
    strategy::Command,
    trade::{
        ClosingLeg, FlattenPlan, FlattenReport, Flattened, command_governor, flatten, load_governor, plan_flatten,
    },
    watchdog::ops::FlattenWith,
};

/// Flags of `flatten`.
#[derive(Debug, Clone, Args)]
pub(super) struct FlattenArgs {
    /// Close everything; without it only what would be closed is shown.
    #[arg(long)]
    broadcast: bool,
    /// Do not ask on the live chain.
    #[arg(long)]
    yes: bool,
    /// Also limit orders and perps that this journal did not place.
    #[arg(long)]
    include_existing: bool,
}

/// What would be closed.
#[derive(Debug, Serialize, JsonSchema)]
struct FlattenDryRun<'a> {
    closes: &'a [ClosingLeg],
    stays: &'a [String],
    sent: bool,
}

/// What was closed.
#[derive(Debug, Serialize, JsonSchema)]
struct FlattenDone<'a> {
    closed: &'a [Flattened],
    stays: &'a [String],
    paused: bool,
    sent: bool,
}

document!("flatten-dry-run": FlattenDryRun<'_>, "flatten": FlattenDone<'_>);

pub(super) async fn run(global: &GlobalArgs, args: &FlattenArgs) -> Outcome {
    let session = Session::connect(global).await?;
    let output = session.output;
    let desk = desk_as_far_as_known(&session).await?;
    if !args.broadcast {
        let reader = session.journal_reader(desk.account)?;
        let plan = plan_flatten(&desk, reader.as_ref(), args.include_existing).await?;
        let document = FlattenDryRun { closes: &plan.legs, stays: &plan.left, sent: false };
        return output
            .result(&document, || format!("{}\n\ndry run: nothing was sent; add --broadcast to do it", list(&plan)));
    }
    if let Some(mut daemon) = session.daemon(desk.account).await? {
        confirm(&session, args.yes)?;
        output.note("handed to the daemon that watches this account");
        let report = daemon.ask(FlattenWith { include_existing: args.include_existing }).await?;
        return told(output, &report);
    }
    let signer = session.signer().await?;
    confirm(&session, args.yes)?;
    let mut sender = session.sender(signer).await?;
    // Nothing may open while everything closes.
    let perps = match desk.venue() {
        Ok(venue) => venue.snapshot(desk.account, &Interest::default()).await.ok(),
        Err(_) => None,
    };
    let reader = sender.journal().reader();
    let state = load_governor(&desk, Some(reader), perps.as_ref(), false).await?;
    command_governor(sender.journal(), false, &state, Command::Flatten, desk.stamp().await?)?;
    let plan = plan_flatten(&desk, Some(sender.journal().reader()), args.include_existing).await?;
    output.note_lines(list(&plan));
    let patience = OrderPatience { timeout: session.config.perps.order_timeout, ..OrderPatience::default() };
    let tell = |done: &Flattened| output.note(done.to_string());
    let closed = flatten(&desk, &mut sender, &plan.legs, patience, tell).await;
    told(output, &FlattenReport { closed, stays: plan.left })
}

/// What was closed, by ourselves or by the daemon.
fn told(output: Output, report: &FlattenReport) -> Outcome {
    let FlattenReport { closed, stays } = report;
    let document = FlattenDone { closed, stays, paused: true, sent: true };
    output.result(&document, || {
        let mut lines: Vec<String> = closed.iter().map(ToString::to_string).collect();
        lines.push("paused: nothing is opened until `trimtab resume`".to_owned());
        lines.join("\n")
    })?;
    match report.exit() {
        0 => Ok(()),
        code => {
            let failed = closed.iter().filter(|one| one.exit != 0).count();
            let message = format!("{failed} of {} could not be closed", closed.len());
            Err(Failure::after_result(Exit::from_code(code), message))
        }
    }
}

fn list(plan: &FlattenPlan) -> String {
    let row = |leg: &ClosingLeg| {
        let plan = match &leg.plan {
            Ok(plan) => plan.headline.clone(),
            Err(error) => format!("cannot be planned now: {error}"),
        };
        vec![leg.what.clone(), plan]
    };
    let mut text = if plan.legs.is_empty() {
        "nothing that this program opened is open".to_owned()
    } else {
        table(&[], &plan.legs.iter().map(row).collect::<Vec<_>>())
    };
    for left in &plan.left {
        text.push_str(&format!("\n{left} stays: this journal did not place it (--include-existing closes it too)"));
    }
    text
}
