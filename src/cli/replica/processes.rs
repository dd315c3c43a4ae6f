//! `replica start`, `stop` and `status`: several replicas at a time, by name.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    args::{MiningArgs, PRICE_PORT},
    state::ensure_state,
};
use crate::{
    cli::shared::{
        document::document,
        exit::{Exit, Failure, Outcome},
        global::GlobalArgs,
        local::{names, title},
        output::Output,
    },
    localchain::{
        self, Cache, ComposerSource, DEFAULT_PORT, Instance, InstanceName, Kit, LocalKind, PerpsVersion, Status,
        start_named_replica,
    },
};

#[derive(Debug, Args)]
pub(in crate::cli) struct StartArgs {
    /// Its name, for several at a time; commands choose it with `--replica NAME`.
    #[arg(long, value_name = "NAME")]
    name: Option<InstanceName>,
    /// Port to listen on: 8545 unless the replica has a name, then any free one; so does 0.
    #[arg(long)]
    port: Option<u16>,
    /// Port of the venue's price service on loopback: 8645 unless the replica has a name, then any free one; so does 0.
    #[arg(long)]
    price_port: Option<u16>,
    /// Start no keeper: nobody fills perp orders.
    #[arg(long)]
    no_keeper: bool,
    /// Version of the perpetuals venue: v1 is its real code of before August 2026, v2 a stand-in of ours for what is live.
    #[arg(long, value_name = "VERSION", default_value_t)]
    perps: PerpsVersion,
    #[command(flatten)]
    mining: MiningArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StopArgs {
    /// Which; without a name the one that was started without.
    #[arg(long, value_name = "NAME")]
    name: Option<InstanceName>,
    /// Every replica.
    #[arg(long, conflicts_with_all = ["name", "replica"])]
    all: bool,
}

/// A local chain was ended; null where none ran.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Stopped<'a> {
    pub(in crate::cli) stopped: Option<&'a Instance>,
}

/// Every replica was ended.
#[derive(Debug, Serialize, JsonSchema)]
struct AllStopped<'a> {
    stopped: &'a [Instance],
}

/// What runs on this machine.
#[derive(Debug, Serialize, JsonSchema)]
struct Running<'a> {
    /// The one without a name.
    replica: Option<&'a Status>,
    /// All of them.
    replicas: &'a [Status],
    fork: Option<&'a Status>,
}

document!(
    "local-chain": Instance, "replica-stop": Stopped<'_>, "replica-stop-all": AllStopped<'_>, "replica-status": Running<'_>
);

/// The replica that a command of this file is about: `--name`, else what all commands go by.
fn chosen(global: &GlobalArgs, name: Option<InstanceName>) -> Outcome<Option<InstanceName>> {
    match (&name, &global.replica) {
        (Some(name), Some(other)) if name != other => {
            Err(Failure::message(Exit::Usage, format!("--name {name} and --replica {other}: which of them?")))
        }
        (Some(_), _) => Ok(name),
        (None, _) => global.replica(),
    }
}

fn next_steps(name: &InstanceName) -> String {
    match name.is_default() {
        true => "\nstop it with `trimtab replica stop`".to_owned(),
        false => format!("\nuse it with `--replica {name}`, stop it with `trimtab replica stop --name {name}`"),
    }
}

pub(in crate::cli) async fn start(global: &GlobalArgs, args: StartArgs) -> Outcome {
    let output = global.output();
    let name = chosen(global, args.name)?.unwrap_or_default();
    let any_or = |usual| if name.is_default() { usual } else { 0 };
    let (port, price_port) = (args.port.unwrap_or(any_or(DEFAULT_PORT)), args.price_port.unwrap_or(any_or(PRICE_PORT)));
    let kit = Kit::find()?;
    let state = ensure_state(output, &kit, ComposerSource::Remembered, args.perps).await?;
    let mut instance = start_named_replica(&kit, &state, name, port, args.mining.mining()).await?;
    if !args.no_keeper {
        instance = add_keeper(kit.cache(), instance, price_port).await?;
    }
    output.result(&instance, || {
        let keeper = instance.keeper.as_ref().map_or_else(
            || "no keeper: perp orders stay unfilled".to_owned(),
            |keeper| format!("keeper (pid {}) with perp prices at {}", keeper.pid, keeper.price_url),
        );
        format!(
            "{} of Base at {} (composer: {}; {})\n{keeper}\ntest accounts: anvil's ten, 10,000 ETH each (`--mnemonic \"test test test test test test test test test test test junk\"`){}",
            title(&instance),
            instance.url,
            instance.origin,
            args.perps.words(),
            next_steps(&instance.name)
        )
    })
}

/// A keeper beside a chain that was just started; without it the chain is ended again.
async fn add_keeper(cache: &Cache, instance: Instance, price_port: u16) -> Outcome<Instance> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::message(Exit::Configuration, format!("this program's own path: {error}")))?;
    let (kind, name) = (instance.kind, instance.name.clone());
    match localchain::add_keeper(cache, &program, instance, price_port).await {
        Ok(instance) => Ok(instance),
        Err(error) => {
            localchain::stop_named(cache, kind, &name).await?;
            Err(error.into())
        }
    }
}

pub(in crate::cli) async fn stop(global: &GlobalArgs, args: StopArgs) -> Outcome {
    let (output, cache) = (global.output(), Cache::find()?);
    if args.all {
        let mut stopped = Vec::new();
        for status in localchain::replicas(&cache).await? {
            stopped.extend(localchain::stop_named(&cache, LocalKind::Replica, &status.instance.name).await?);
        }
        return output.result(&AllStopped { stopped: &stopped }, || match stopped.as_slice() {
            [] => "no replica was running".to_owned(),
            stopped => stopped.iter().map(stopped_line).collect::<Vec<_>>().join("\n"),
        });
    }
    let name = chosen(global, args.name)?.unwrap_or_default();
    let stopped = localchain::stop_named(&cache, LocalKind::Replica, &name).await?;
    let others = if stopped.is_none() { names(&localchain::replicas(&cache).await?) } else { Vec::new() };
    output.result(&Stopped { stopped: stopped.as_ref() }, || match &stopped {
        Some(instance) => stopped_line(instance),
        None => {
            let which = if name.is_default() { String::new() } else { format!(" {name}") };
            let others = match others.join(", ") {
                none if none.is_empty() => none,
                names => format!("; these run: {names} (--name NAME, or --all)"),
            };
            format!("no replica{which} was running{others}")
        }
    })
}

fn stopped_line(instance: &Instance) -> String {
    format!("stopped the {} at {}", title(instance), instance.url)
}

pub(in crate::cli) async fn status(output: Output) -> Outcome {
    let cache = Cache::find()?;
    let replicas = localchain::replicas(&cache).await?;
    let replica = replicas.iter().find(|status| status.instance.name.is_default());
    let fork = localchain::status(&cache, LocalKind::Fork).await?;
    let running = Running { replica, replicas: &replicas, fork: fork.as_ref() };
    output.result(&running, || {
        let mut lines: Vec<String> = replicas.iter().map(line).collect();
        if replica.is_none() {
            lines.insert(0, "replica: not running".to_owned());
        }
        lines.push(fork.as_ref().map_or_else(|| "fork: not running".to_owned(), line));
        lines.join("\n")
    })
}

fn line(status: &Status) -> String {
    let Status { instance, head } = status;
    let Instance { url, pid, origin, perps, .. } = instance;
    let perps = perps.map_or_else(String::new, |perps| format!(", perps {perps}"));
    format!("{}: {url} (pid {pid}, {origin}{perps}), block {} of {}", title(instance), head.number, head.timestamp.0)
}
