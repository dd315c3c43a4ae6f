//! `watch`: the daemon, one look (`--once`), `watch drill`, `watch health`.

mod checks;
mod daemon;
pub(super) mod drill;
mod emergency;
pub(super) mod events;
mod keys;
pub(super) mod once;
mod post;
mod rows;
mod seats;

use std::{io::IsTerminal, path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    document::document,
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
    logs::Logs,
};
use crate::watchdog::ops::check_health;

/// How long the daemon on this machine may take to say that it is alive.
const HEALTH_DEADLINE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    #[command(subcommand)]
    command: Option<WatchCommand>,
    /// Whom to watch: a keystore's name, or an address that is only looked at; repeat for more. `[[watch.keys]]` and
    /// `watch.accounts` of the settings come on top.
    #[arg(long, global = true, value_name = "NAME|ADDRESS")]
    account: Vec<String>,
    /// Look once, act, and end: exit code 8 when it acted, 0 when there was nothing to do.
    #[arg(long)]
    once: bool,
    /// Decide and log, send nothing.
    #[arg(long)]
    shadow: bool,
    /// A live table on the terminal; q quits, logs go to watch.log beside the journals.
    #[arg(long, conflicts_with = "once")]
    tui: bool,
    /// Trade every new line of this file, as `signal run --follow` does, in the same process.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["once", "shadow"])]
    signals: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum WatchCommand {
    /// Trim a loop by 1 % of its debt and bring it back, and send a test alert through every channel.
    Drill(drill::DrillArgs),
    /// Ask the daemon on this machine whether it is alive; for a container's health check.
    Health,
}

impl WatchArgs {
    /// Where its logs go.
    pub(super) fn logs(&self) -> Logs {
        let has_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
        match &self.command {
            Some(_) => Logs::Warnings,
            None if self.tui && has_terminal => Logs::File,
            None if self.once => Logs::Warnings,
            None => Logs::Decisions,
        }
    }
}

pub(super) async fn run(global: &GlobalArgs, args: WatchArgs) -> Outcome {
    match args.command {
        Some(WatchCommand::Drill(drill)) => drill::run(global, drill).await,
        Some(WatchCommand::Health) => health(global).await,
        None if args.once => once::run(global, &args).await,
        None => daemon::run(global, &args).await,
    }
}

/// The daemon answers.
#[derive(Debug, Serialize, JsonSchema)]
struct Alive {
    alive: bool,
}

document!("watch-health": Alive);

async fn health(global: &GlobalArgs) -> Outcome {
    let config = global.settings()?.config;
    match check_health(&config.metrics, HEALTH_DEADLINE).await {
        Ok(()) => global.output().result(&Alive { alive: true }, || "the daemon is alive".to_owned()),
        Err(reason) => Err(Failure::message(Exit::RpcUnavailable, format!("the daemon is not alive: {reason}"))),
    }
}
