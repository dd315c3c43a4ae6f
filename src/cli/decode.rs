//! `decode`.

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
};

#[derive(Debug, clap::Args)]
pub(super) struct DecodeArgs {}

pub(super) async fn run(_: &GlobalArgs, _: DecodeArgs) -> Outcome {
    Err(Failure::message(Exit::Bug, "in work"))
}
