//! `demo`.

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
};

#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {}

pub(super) async fn run(_: &GlobalArgs, _: &DemoArgs) -> Outcome {
    Err(Failure::message(Exit::Bug, "in work"))
}
