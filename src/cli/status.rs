//! `status`.

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
};

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {}

pub(super) async fn run(_: &GlobalArgs, _: StatusArgs) -> Outcome {
    Err(Failure::message(Exit::Bug, "in work"))
}
