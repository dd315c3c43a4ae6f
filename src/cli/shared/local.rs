//! Which local chain a command means: the one of `--replica`, or one that runs where no endpoint is set.

use super::{
    exit::{Exit, Failure, Outcome},
    global::GlobalArgs,
};
use crate::{
    config::{Config, RpcUrl},
    localchain::{self, Cache, Instance, InstanceName, LocalKind, Status},
};

/// Names the replica of all commands that are not told one.
const VARIABLE: &str = "TRIMTAB_REPLICA";

impl GlobalArgs {
    /// The replica that is asked for: by `--replica`, else, without `--rpc-url`, by the environment.
    pub(in crate::cli) fn replica(&self) -> Outcome<Option<InstanceName>> {
        if self.replica.is_some() || !self.rpc_url.is_empty() {
            return Ok(self.replica.clone());
        }
        let set = std::env::var(VARIABLE).ok().filter(|name| !name.is_empty());
        let named = set.map(|name| {
            name.parse().map_err(|why| Failure::message(Exit::Configuration, format!("{VARIABLE} `{name}`: {why}")))
        });
        named.transpose()
    }
}

/// Sets the endpoint to a local chain, where one is asked for or no endpoint is set; says which in words.
pub(in crate::cli) async fn local_chain(global: &GlobalArgs, config: &mut Config) -> Outcome<Option<String>> {
    let (instance, why) = match global.replica()? {
        Some(name) => (named(&name).await?, "chosen by --replica"),
        None if !config.rpc.urls.is_empty() => return Ok(None),
        None => (running().await?, "no --rpc-url given"),
    };
    let url: RpcUrl = instance.url.parse().map_err(|error| Failure::message(Exit::Bug, error))?;
    let used = format!("using the running {} at {url} ({why})", title(&instance));
    config.rpc.urls = vec![url];
    Ok(Some(used))
}

/// `replica`, `replica NAME` or `fork`.
pub(in crate::cli) fn title(instance: &Instance) -> String {
    let kind = instance.kind.name();
    if instance.name.is_default() { kind.to_owned() } else { format!("{kind} {}", instance.name) }
}

/// The replica of this name; it must run.
async fn named(name: &InstanceName) -> Outcome<Instance> {
    let cache = Cache::find()?;
    if let Some(status) = localchain::status_of(&cache, LocalKind::Replica, name).await? {
        return Ok(status.instance);
    }
    let start = if name.is_default() { String::new() } else { format!(" --name {name}") };
    let others = match names(&localchain::replicas(&cache).await?).join(", ") {
        none if none.is_empty() => "none runs".to_owned(),
        names => format!("these run: {names}"),
    };
    let message = format!("replica {name} does not run ({others}): start it with `trimtab replica start{start}`");
    Err(Failure::message(Exit::Configuration, message))
}

/// The replica that nobody named, or the only one, or the fork.
async fn running() -> Outcome<Instance> {
    let cache = Cache::find()?;
    let mut replicas = localchain::replicas(&cache).await?;
    match replicas.as_slice() {
        [] => {}
        [first, ..] if first.instance.name.is_default() || replicas.len() == 1 => {
            return Ok(replicas.swap_remove(0).instance);
        }
        several => {
            let names = names(several).join(", ");
            let message = format!("which replica? These run: {names}; choose one with --replica NAME");
            return Err(Failure::message(Exit::Configuration, message));
        }
    }
    if let Some(status) = localchain::status(&cache, LocalKind::Fork).await? {
        return Ok(status.instance);
    }
    Err(Failure::message(
        Exit::Configuration,
        "no endpoint: give --rpc-url (or ETH_RPC_URL, or rpc.urls in trimtab.toml), or run `trimtab replica start`",
    ))
}

/// Names of replicas.
pub(in crate::cli) fn names(replicas: &[Status]) -> Vec<String> {
    replicas.iter().map(|status| status.instance.name.to_string()).collect()
}
