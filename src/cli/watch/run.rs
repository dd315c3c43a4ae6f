//! What `watch` does, by its flags.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    args::{WatchArgs, WatchCommand},
    daemon, drill, once,
};
use crate::{
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
    },
    watchdog::ops::check_health,
};

/// How long the daemon on this machine may take to say that it is alive.
const HEALTH_DEADLINE: Duration = Duration::from_secs(5);

pub(in crate::cli) async fn run(global: &GlobalArgs, args: WatchArgs) -> Outcome {
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
