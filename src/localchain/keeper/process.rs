//! The keeper as a process of its own beside a detached chain: `replica start` ends at once, so no thread of it could
//! keep running. It needs no stopping: it ends when its chain does.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::localchain::{
    Cache, LocalChainError,
    anvil::own_group,
    cache::{make_dir, unique},
};

/// How long a keeper may take to start.
const START_DEADLINE: Duration = Duration::from_secs(15);
/// How often its log is looked at meanwhile.
const POLL: Duration = Duration::from_millis(4);
/// The words before the URL in the line that says it is ready.
const READY: &str = "prices at ";

/// A keeper that runs on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeeperProcess {
    /// Its process id.
    pub pid: u32,
    /// Where its price service listens.
    pub price_url: String,
    /// Its log.
    pub log: PathBuf,
}

/// Starts `PROGRAM replica keeper` for a running chain and waits until it is ready. Port 0 takes any free one for the
/// price service.
pub(crate) async fn start_keeper(
    cache: &Cache,
    program: &Path,
    url: &str,
    price_port: u16,
) -> Result<KeeperProcess, LocalChainError> {
    make_dir(&cache.run())?;
    let log = cache.run().join(format!("trimtab-keeper-{}.log", unique()));
    let output = File::create(&log).map_err(LocalChainError::io(&log))?;
    let errors = output.try_clone().map_err(LocalChainError::io(&log))?;
    let mut command = Command::new(program);
    command
        .args(["replica", "keeper", "--rpc-url", url, "--price-port", &price_port.to_string()])
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors);
    own_group(&mut command);
    let mut child = command.spawn().map_err(LocalChainError::io(program))?;
    let began = Instant::now();
    loop {
        let text = fs::read_to_string(&log).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        if let Some(price_url) = whole.lines().find_map(|line| line.split_once(READY)).map(|(_, url)| url.trim()) {
            return Ok(KeeperProcess { pid: child.id(), price_url: price_url.to_owned(), log });
        }
        let ended = matches!(child.try_wait(), Ok(Some(_)));
        if ended || began.elapsed() > START_DEADLINE {
            let _ = child.kill();
            let last = text.lines().last().unwrap_or("it said nothing").to_owned();
            return Err(LocalChainError::KeeperEnded { log, last });
        }
        tokio::time::sleep(POLL).await;
    }
}
