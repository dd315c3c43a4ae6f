//! The controls of the local chain that is meant.

use crate::{
    cli::shared::{
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        local::local_chain,
    },
    localchain::{Controls, Kit},
};

/// Controls of the chain at `--rpc-url`, or of the running replica or fork.
pub(in crate::cli) async fn controls(global: &GlobalArgs) -> Outcome<Controls> {
    let kit = Kit::find()?;
    Ok(Controls::connect(&url_of_local_chain(global).await?, &kit).await?)
}

pub(in crate::cli) async fn url_of_local_chain(global: &GlobalArgs) -> Outcome<String> {
    let mut config = global.settings()?.config;
    local_chain(global, &mut config).await?;
    let url = config.rpc.urls.first().map(|url| url.expose().as_str().to_owned());
    url.ok_or_else(|| {
        Failure::message(Exit::Configuration, "no replica or fork runs: start one with `trimtab replica start`")
    })
}
