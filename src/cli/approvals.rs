//! `approvals`.

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
};

#[derive(Debug, clap::Subcommand)]
pub(super) enum ApprovalsCommand {}

pub(super) async fn run(_: &GlobalArgs, _: ApprovalsCommand) -> Outcome {
    Err(Failure::message(Exit::Bug, "in work"))
}
