//! `flatten`: close everything, open nothing.

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    loops::confirm,
    output::{Output, table},
    session::Session,
    trade::desk,
};
use crate::{
    perps::{Interest, OrderPatience, PerpVenue},
    strategy::Command,
    trade::{ClosingLeg, FlattenPlan, command_governor, flatten, load_governor, plan_flatten},
    watchdog::ops::Request,
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

pub(super) async fn run(global: &GlobalArgs, args: &FlattenArgs) -> Outcome {
    let session = Session::connect(global).await?;
    let output = session.output;
    let desk = desk(&session).await?;
    if !args.broadcast {
        let reader = session.journal_reader(desk.account)?;
        let plan = plan_flatten(&desk, reader.as_ref(), args.include_existing).await?;
        let document = serde_json::json!({ "closes": &plan.legs, "stays": &plan.left, "sent": false });
        return output
            .result(&document, || format!("{}\n\ndry run: nothing was sent; add --broadcast to do it", list(&plan)));
    }
    if let Some(mut daemon) = session.daemon(desk.account).await? {
        if args.include_existing {
            let words =
                "the daemon that watches this account closes what its journal has; for --include-existing, stop it";
            return Err(Failure::message(Exit::Usage, words));
        }
        confirm(&session, args.yes)?;
        output.note("handed to the daemon that watches this account");
        return by_daemon(output, daemon.ask(&Request::Flatten).await?);
    }
    let signer = session.signer().await?;
    confirm(&session, args.yes)?;
    let mut sender = session.sender(signer).await?;
    // Nothing may open while everything closes.
    let perps = desk.venue.snapshot(desk.account, &Interest::default()).await?;
    let reader = sender.journal().reader();
    let state = load_governor(&desk, Some(reader), Some(&perps), false).await?;
    command_governor(sender.journal(), false, &state, Command::Flatten, desk.stamp().await?)?;
    let plan = plan_flatten(&desk, Some(sender.journal().reader()), args.include_existing).await?;
    output.note(list(&plan));
    let patience = OrderPatience { timeout: session.config.perps.order_timeout, ..OrderPatience::default() };
    let tell = |done: &crate::trade::Flattened| output.note(done.to_string());
    let done = flatten(&desk, &mut sender, &plan.legs, patience, tell).await;
    let document = serde_json::json!({ "closed": &done, "stays": &plan.left, "paused": true, "sent": true });
    output.result(&document, || {
        let mut lines: Vec<String> = done.iter().map(ToString::to_string).collect();
        lines.push("paused: nothing is opened until `trimtab resume`".to_owned());
        lines.join("\n")
    })?;
    match done.iter().map(|one| one.exit).max() {
        None | Some(0) => Ok(()),
        Some(code) => {
            let failed = done.iter().filter(|one| one.exit != 0).count();
            Err(Failure::after_result(Exit::from_code(code), format!("{failed} of {} could not be closed", done.len())))
        }
    }
}

/// What the daemon closed.
fn by_daemon(output: Output, answer: Value) -> Outcome {
    let Done { exit, closed, words } = serde_json::from_value(answer)
        .map_err(|error| Failure::message(Exit::Unknown, format!("the daemon's answer cannot be read: {error}")))?;
    let document = serde_json::json!({ "closed": closed, "paused": true, "sent": true });
    let paused = "paused: nothing is opened until `trimtab resume`";
    output.result(&document, || words.iter().map(String::as_str).chain([paused]).collect::<Vec<_>>().join("\n"))?;
    if exit == 0 {
        return Ok(());
    }
    Err(Failure::after_result(Exit::from_code(exit), "not everything could be closed"))
}

/// The daemon's answer.
#[derive(Debug, Deserialize)]
struct Done {
    exit: u8,
    closed: Vec<Value>,
    words: Vec<String>,
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
