//! `send`: a plan from a file.

use std::path::PathBuf;

use clap::Args;

use super::{
    deliver::note_pause,
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    loops::{gas_view, send_approved},
    plan_view::{DryRun, plan_text, simulation_text},
    session::Session,
};
use crate::{
    actions::{PlanKind, audit},
    chain::Reader,
    plan::{Plan, SCHEMA, check, rehearse},
};

#[derive(Debug, Args)]
pub(super) struct SendArgs {
    /// The plan file.
    plan: PathBuf,
    /// Send it; without this flag it is checked and simulated on the present state only.
    #[arg(long)]
    broadcast: bool,
    /// Do not ask before sending.
    #[arg(long, short = 'y')]
    yes: bool,
}

pub(super) async fn run(global: &GlobalArgs, args: SendArgs) -> Outcome {
    let plan = read(&args.plan)?;
    let session = Session::connect(global).await?;
    let output = session.output;
    let account = session.account().await?;
    if account != plan.account {
        let message = format!("the plan is for {}, the wallet is {account}", plan.account);
        return Err(Failure::message(Exit::Configuration, message));
    }
    let kind = PlanKind::of(&plan).map_err(|error| Failure::message(Exit::Refused, format!("plan file: {error}")))?;
    let venue = match &kind {
        PlanKind::Perp(_) => Some(session.perps().await?),
        PlanKind::Loop(_) | PlanKind::Revocation => {
            session.trust_composer().await?;
            None
        }
    };
    audit(&plan, venue.as_ref(), session.gas_price().await?).await?;
    let head = match &kind {
        PlanKind::Perp(subject) if super::perp::waits_for_blocks(&subject.perp) => {
            super::perp::next_state(&session, args.broadcast).await?
        }
        _ => Reader::head(&session.endpoints).await?,
    };
    let approved = check(plan.clone(), session.network().as_str(), head.timestamp)?;
    let rehearsal = rehearse(&session.endpoints, &plan, head, head.next_timestamp()).await?;
    let gas = gas_view(&session, &plan, &rehearsal, session.gas_price().await?).await?;
    let shown = format!("{}\n\n{}", plan_text(&plan, Some(&gas)), simulation_text(&rehearsal));
    if let Some(off) = rehearsal.outcome.iter().find(|deviation| !deviation.within) {
        output.note(&shown);
        let message = format!(
            "the state moved beyond the plan's bounds since block {}: {} would be {} instead of {}; plan again",
            plan.block.number, off.label, off.actual, off.predicted
        );
        return Err(Failure::message(Exit::Refused, message));
    }
    if !args.broadcast {
        note_pause(&session, &plan)?;
        let dry = DryRun { plan: &plan, simulation: &rehearsal, gas: &gas, sent: false };
        return output.result(&dry, || format!("{shown}\n\ndry run: nothing was sent; add --broadcast to send it"));
    }
    output.note(&shown);
    if let PlanKind::Perp(_) = kind {
        return super::perp::send_approved(session, approved, args.yes).await;
    }
    send_approved(session, approved, args.yes).await
}

fn read(path: &PathBuf) -> Outcome<Plan> {
    let bad = |reason: String| Failure::message(Exit::Usage, format!("plan file {}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    let plan: Plan = serde_json::from_str(&text).map_err(|error| bad(format!("not a plan: {error}")))?;
    if plan.schema != SCHEMA {
        return Err(bad(format!("it has schema {}, this program writes and reads {SCHEMA}", plan.schema)));
    }
    Ok(plan)
}
