//! `doctor`.

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
};

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {}

pub(super) async fn run(_: &GlobalArgs, _: DoctorArgs) -> Outcome {
    Err(Failure::message(Exit::Bug, "in work"))
}
