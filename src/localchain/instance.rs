//! Local chains that run on their own, and the run files by which other commands find them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::primitives::B256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpStream, time::Instant};

use super::{
    Anvil, Cache, ForkOptions, InstanceName, Kit, LocalChainError, LocalKind, PerpsVersion, ReplicaState,
    anvil::{Detached, remove_traces},
    cache::write_whole,
    keeper::{KeeperProcess, start_keeper},
    node::Node,
};
use crate::chain::{BLOCK_TIME, BlockRef};

/// The port that tools expect a local chain on.
pub const DEFAULT_PORT: u16 = 8545;

/// How long an instance may take to end.
const STOP_DEADLINE: Duration = Duration::from_secs(10);
/// How often it is asked whether it has.
const STOP_POLL: Duration = Duration::from_millis(10);

/// A local chain that runs on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Instance {
    /// Replica or fork.
    pub kind: LocalKind,
    /// Which of its kind.
    #[serde(default)]
    pub name: InstanceName,
    /// Where it listens.
    pub url: String,
    /// Its process id.
    pub pid: u32,
    /// What anvil calls this run of itself.
    pub instance: B256,
    /// A replica's composer (`stand-in` or `genuine`), a fork's RPC without credentials.
    pub origin: String,
    /// Which version of the perpetuals venue a replica has; a fork has what it forked.
    #[serde(default)]
    pub perps: Option<PerpsVersion>,
    /// Its log.
    pub log: PathBuf,
    /// The keeper of its perpetuals venue, where one was started with it.
    #[serde(default)]
    pub keeper: Option<KeeperProcess>,
}

/// An instance that answers, and its newest block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Status {
    /// The instance.
    #[serde(flatten)]
    pub instance: Instance,
    /// Its newest block.
    pub head: BlockRef,
}

impl Anvil {
    /// A replica that ends with this value and mines for each transaction; port 0 takes any free one.
    pub async fn replica(kit: &Kit, state: &ReplicaState, port: u16) -> Result<Self, LocalChainError> {
        Self::mining(kit, state, port, Mining::Manual).await
    }

    /// The same, mining as it is told.
    pub async fn mining(kit: &Kit, state: &ReplicaState, port: u16, mining: Mining) -> Result<Self, LocalChainError> {
        let mut arguments = Vec::from(state.anvil_arguments());
        mining.add_to(&mut arguments);
        Self::start(kit, port, &arguments).await
    }
}

/// When a local chain makes its blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mining {
    /// By itself, one in so much time; blocks of one second share its timestamp.
    Every(Duration),
    /// One for each transaction, and when it is told to.
    Manual,
}

impl Default for Mining {
    /// As Base does.
    fn default() -> Self {
        Self::Every(BLOCK_TIME)
    }
}

impl Mining {
    /// States that a chain which makes 432 000 blocks a day keeps; the others cannot be asked for any more.
    const KEPT: u32 = 1_500;

    fn add_to(self, arguments: &mut Vec<String>) {
        let Self::Every(time) = self else { return };
        let millis = time.as_millis();
        let seconds = format!("{}.{:03}", millis / 1_000, millis % 1_000);
        arguments.extend(["--block-time".to_owned(), seconds, "--prune-history".to_owned(), Self::KEPT.to_string()]);
    }
}

/// Starts a replica that runs on after this program.
pub async fn start_replica(
    kit: &Kit,
    state: &ReplicaState,
    port: u16,
    mining: Mining,
) -> Result<Instance, LocalChainError> {
    start_named_replica(kit, state, InstanceName::default(), port, mining).await
}

/// The same under a name, beside others.
pub async fn start_named_replica(
    kit: &Kit,
    state: &ReplicaState,
    name: InstanceName,
    port: u16,
    mining: Mining,
) -> Result<Instance, LocalChainError> {
    refuse_second(kit.cache(), LocalKind::Replica, &name).await?;
    let mut arguments = Vec::from(state.anvil_arguments());
    mining.add_to(&mut arguments);
    let anvil = Anvil::start_detached(kit, port, &arguments).await?;
    register(kit.cache(), (LocalKind::Replica, name), anvil, state.composer().to_owned(), Some(state.perps())).await
}

/// Starts a fork that runs on after this program.
pub async fn start_fork(
    kit: &Kit,
    options: &ForkOptions,
    port: u16,
    mining: Mining,
) -> Result<Instance, LocalChainError> {
    refuse_second(kit.cache(), LocalKind::Fork, &InstanceName::default()).await?;
    let mut arguments = options.anvil_arguments().await?;
    mining.add_to(&mut arguments);
    let anvil = Anvil::start_detached(kit, port, &arguments).await?;
    register(kit.cache(), (LocalKind::Fork, InstanceName::default()), anvil, options.shown_url(), None).await
}

/// Starts a keeper for a running instance; `program` is this program. Port 0 takes any free one for the price service.
pub async fn add_keeper(
    cache: &Cache,
    program: &Path,
    instance: Instance,
    price_port: u16,
) -> Result<Instance, LocalChainError> {
    let keeper = start_keeper(cache, program, &instance.url, price_port).await?;
    let instance = Instance { keeper: Some(keeper), ..instance };
    record(cache, &instance)?;
    Ok(instance)
}

/// The instance of this kind that nobody named, if it runs and is the one that was started.
pub async fn status(cache: &Cache, kind: LocalKind) -> Result<Option<Status>, LocalChainError> {
    status_of(cache, kind, &InstanceName::default()).await
}

/// Every replica that runs, the one that nobody named first.
pub async fn replicas(cache: &Cache) -> Result<Vec<Status>, LocalChainError> {
    let kind = LocalKind::Replica;
    let files = fs::read_dir(cache.run()).into_iter().flatten().filter_map(Result::ok);
    let name = |file: fs::DirEntry| {
        let name = file.file_name().into_string().ok()?;
        let name: InstanceName =
            name.strip_prefix(kind.name())?.strip_prefix('-')?.strip_suffix(".json")?.parse().ok()?;
        (!name.is_default()).then_some(name)
    };
    let mut names: Vec<InstanceName> = files.filter_map(name).collect();
    names.sort();
    let mut running = Vec::new();
    for name in std::iter::once(InstanceName::default()).chain(names) {
        running.extend(status_of(cache, kind, &name).await?);
    }
    Ok(running)
}

/// The instance of this kind and name, if it runs and is the one that was started.
pub async fn status_of(cache: &Cache, kind: LocalKind, name: &InstanceName) -> Result<Option<Status>, LocalChainError> {
    let Some(instance) = recorded(cache, kind, name) else { return Ok(None) };
    let node = Node::new(&instance.url)?;
    // Anything may listen on the port by now; only the same run of anvil is ours.
    match node.metadata().await {
        Ok(metadata) if metadata.instance_id == instance.instance => {
            let head = node.head().await?;
            Ok(Some(Status { instance, head }))
        }
        _ => Ok(None),
    }
}

/// Ends the instance of this kind that nobody named; tells which it was, or that none ran.
pub async fn stop(cache: &Cache, kind: LocalKind) -> Result<Option<Instance>, LocalChainError> {
    stop_named(cache, kind, &InstanceName::default()).await
}

/// The same for the one of this name.
pub async fn stop_named(
    cache: &Cache,
    kind: LocalKind,
    name: &InstanceName,
) -> Result<Option<Instance>, LocalChainError> {
    let running = status_of(cache, kind, name).await?;
    let run_file = run_file(cache, kind, name);
    if let Some(status) = &running {
        terminate(status.instance.pid).map_err(LocalChainError::io(&run_file))?;
        gone(&status.instance.url).await?;
        // The log has served; what is left of it only takes room.
        remove_traces(&status.instance.log);
        if let Some(keeper) = &status.instance.keeper {
            keeper_gone(&keeper.price_url).await?;
            let _ = fs::remove_file(&keeper.log);
        }
    }
    match fs::remove_file(&run_file) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(LocalChainError::Io { path: run_file, source })
        }
        _ => Ok(running.map(|status| status.instance)),
    }
}

async fn refuse_second(cache: &Cache, kind: LocalKind, name: &InstanceName) -> Result<(), LocalChainError> {
    match status_of(cache, kind, name).await? {
        Some(Status { instance, .. }) => {
            Err(LocalChainError::AlreadyRunning { kind: kind.name(), pid: instance.pid, url: instance.url })
        }
        None => Ok(()),
    }
}

async fn register(
    cache: &Cache,
    (kind, name): (LocalKind, InstanceName),
    anvil: Detached,
    origin: String,
    perps: Option<PerpsVersion>,
) -> Result<Instance, LocalChainError> {
    let Detached { pid, url, log } = anvil;
    let instance = Node::new(&url)?.metadata().await?.instance_id;
    let instance = Instance { kind, name, url, pid, instance, origin, perps, log, keeper: None };
    record(cache, &instance)?;
    Ok(instance)
}

fn record(cache: &Cache, instance: &Instance) -> Result<(), LocalChainError> {
    let text = serde_json::to_vec_pretty(instance)
        .map_err(|error| LocalChainError::BadAmount(format!("run file: {error}")))?;
    write_whole(&run_file(cache, instance.kind, &instance.name), &text)
}

fn recorded(cache: &Cache, kind: LocalKind, name: &InstanceName) -> Option<Instance> {
    let instance: Instance = serde_json::from_slice(&fs::read(run_file(cache, kind, name)).ok()?).ok()?;
    (instance.kind == kind && instance.name == *name).then_some(instance)
}

fn run_file(cache: &Cache, kind: LocalKind, name: &InstanceName) -> PathBuf {
    let kind = kind.name();
    let file = if name.is_default() { format!("{kind}.json") } else { format!("{kind}-{name}.json") };
    cache.run().join(file)
}

/// Asks a process to end.
fn terminate(pid: u32) -> std::io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let pid = pid.ok_or_else(|| std::io::Error::other("no process id in the run file"))?;
    Ok(rustix::process::kill_process(pid, rustix::process::Signal::TERM)?)
}

/// Waits until a keeper whose chain has ended has given its port back.
async fn keeper_gone(price_url: &str) -> Result<(), LocalChainError> {
    let address = price_url.trim_start_matches("http://");
    let began = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        if began.elapsed() > STOP_DEADLINE {
            let method = "end of the keeper".to_owned();
            return Err(LocalChainError::Timeout { method, url: price_url.to_owned(), waited: STOP_DEADLINE });
        }
        tokio::time::sleep(STOP_POLL).await;
    }
    Ok(())
}

async fn gone(url: &str) -> Result<(), LocalChainError> {
    let node = Node::new(url)?;
    let began = Instant::now();
    while node.metadata().await.is_ok() {
        if began.elapsed() > STOP_DEADLINE {
            let method = "SIGTERM".to_owned();
            return Err(LocalChainError::Timeout { method, url: node.shown_url(), waited: STOP_DEADLINE });
        }
        tokio::time::sleep(STOP_POLL).await;
    }
    Ok(())
}
