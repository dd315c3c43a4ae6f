//! The replica's state file: built once, found again by the hash of everything it is made from.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use alloy::primitives::hex;
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{
    Anvil, Cache, Kit, LocalChainError, PerpsVersion,
    anvil::ANVIL_VERSION,
    cache::{make_dir, write_whole},
    dump::Dump,
    genesis as build,
    genesis::{Composer, Deployer, GENESIS_TIME},
    market::Market,
    node::Node,
};
use crate::units::Secs;

/// How long somebody else's build is waited for; one takes seconds.
const BUILD_DEADLINE: Duration = Duration::from_secs(300);
/// How often the lock is tried meanwhile.
const LOCK_POLL: Duration = Duration::from_millis(25);

/// States kept in the cache: enough for a few branches side by side.
const KEPT_STATES: usize = 8;

/// Where the composer's code on the replica comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComposerSource<'a> {
    /// Our stand-ins; what was fetched before is forgotten.
    StandIn,
    /// What was fetched last, or the stand-ins when nothing was.
    Remembered,
    /// The genuine code, fetched from a live RPC at this URL, and remembered.
    From(&'a str),
}

/// A built state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaState {
    path: PathBuf,
    facts: Facts,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Facts {
    timestamp: Secs,
    accounts: String,
    composer: String,
    perps: PerpsVersion,
}

impl ReplicaState {
    /// The state for this kit with the perpetuals venue of the first version; builds it, once per machine, when it is
    /// not in the cache.
    pub async fn ensure(
        kit: &Kit,
        composer: ComposerSource<'_>,
        progress: &ProgressBar,
    ) -> Result<Self, LocalChainError> {
        Self::ensure_with(kit, composer, PerpsVersion::V1, progress).await
    }

    /// The same with the venue of this version.
    pub async fn ensure_with(
        kit: &Kit,
        composer: ComposerSource<'_>,
        perps: PerpsVersion,
        progress: &ProgressBar,
    ) -> Result<Self, LocalChainError> {
        let composer = choose(kit.cache(), composer).await?;
        let directory = kit.cache().states().join(key(kit, &composer, perps));
        if let Some(state) = Self::load(&directory) {
            return Ok(state);
        }
        make_dir(&kit.cache().states())?;
        let lock = lock(kit.cache().states().join("build.lock")).await?;
        if let Some(state) = Self::load(&directory) {
            return Ok(state);
        }
        let dump = Self::build(kit, &composer, perps, progress).await?;
        make_dir(&directory)?;
        let composer = composer.name().to_owned();
        let facts = Facts { timestamp: dump.timestamp, accounts: dump.accounts, composer, perps };
        let state = Self { path: directory.join("state.json"), facts };
        write_whole(&state.path, &dump.json)?;
        // Last, because `load` takes it as the sign that all is there.
        write_whole(&directory.join("facts.json"), &to_json(&state.facts)?)?;
        forget_old_states(&kit.cache().states());
        drop(lock);
        Ok(state)
    }

    /// The state file, as `anvil --load-state` takes it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Time of its newest block.
    #[must_use]
    pub const fn timestamp(&self) -> Secs {
        self.facts.timestamp
    }

    /// SHA-256 of all its accounts: two builds from the same inputs have the same.
    #[must_use]
    pub fn account_hash(&self) -> &str {
        &self.facts.accounts
    }

    /// Whose composer it has: `stand-in`, or `genuine` code taken from a live RPC.
    #[must_use]
    pub fn composer(&self) -> &str {
        &self.facts.composer
    }

    /// Which version of the perpetuals venue it has.
    #[must_use]
    pub const fn perps(&self) -> PerpsVersion {
        self.facts.perps
    }

    /// Arguments with which anvil shows this state. The clock goes on from its newest block: from the wall clock, all
    /// interest since the build would accrue in the first block (base-replica.md §3.13).
    pub(crate) fn anvil_arguments(&self) -> [String; 4] {
        let start = self.timestamp().plus(Secs(1)).0.to_string();
        let path = self.path.to_string_lossy().into_owned();
        ["--load-state".to_owned(), path, "--timestamp".to_owned(), start]
    }

    /// Builds the state on an anvil of its own and takes its dump.
    async fn build(
        kit: &Kit,
        composer: &Composer,
        perps: PerpsVersion,
        progress: &ProgressBar,
    ) -> Result<Dump, LocalChainError> {
        let anvil = Anvil::start(kit, 0, &["--timestamp".to_owned(), GENESIS_TIME.to_string()]).await?;
        let node = Node::new(anvil.url())?;
        let site = Deployer { node: &node, kit, market: Market::get()? };
        build::build(&site, composer, perps, progress).await?;
        let dump = Dump::take(&node).await;
        progress.finish_and_clear();
        dump
    }

    fn load(directory: &Path) -> Option<Self> {
        let facts = serde_json::from_slice(&fs::read(directory.join("facts.json")).ok()?).ok()?;
        let path = directory.join("state.json");
        path.is_file().then_some(Self { path, facts })
    }
}

/// Builds the state anew beside the cache and tells the hash of its accounts; a rebuilt replica can be compared with it.
pub async fn rebuild_account_hash(
    kit: &Kit,
    composer: ComposerSource<'_>,
    perps: PerpsVersion,
) -> Result<String, LocalChainError> {
    let composer = choose(kit.cache(), composer).await?;
    Ok(ReplicaState::build(kit, &composer, perps, &ProgressBar::hidden()).await?.accounts)
}

/// The composer meant, remembered for the next time.
async fn choose(cache: &Cache, source: ComposerSource<'_>) -> Result<Composer, LocalChainError> {
    let path = cache.states().join("composer.json");
    match source {
        ComposerSource::StandIn => match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(LocalChainError::Io { path, source: error })
            }
            _ => Ok(Composer::StandIn),
        },
        ComposerSource::Remembered => match fs::read(&path) {
            Err(_) => Ok(Composer::StandIn),
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| LocalChainError::KitUnusable { path, why: error.to_string() }),
        },
        ComposerSource::From(url) => {
            let composer = build::fetch_composer(url).await?;
            make_dir(&cache.states())?;
            write_whole(&path, &to_json(&composer)?)?;
            Ok(composer)
        }
    }
}

/// Hash of everything a state is made from, short enough for a directory's name.
fn key(kit: &Kit, composer: &Composer, perps: PerpsVersion) -> String {
    let mut hash = Sha256::new();
    let fingerprint = composer.fingerprint();
    let genesis = GENESIS_TIME.to_string();
    let parts = [kit.hash(), ANVIL_VERSION, &genesis, &fingerprint, perps.name()];
    for part in parts.into_iter().chain(build::SOURCES) {
        hash.update(part);
        hash.update([0]);
    }
    let digest = hex::encode(hash.finalize());
    digest.get(..16).unwrap_or(&digest).to_owned()
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, LocalChainError> {
    serde_json::to_vec(value).map_err(|error| LocalChainError::Mismatch {
        what: "json".to_owned(),
        wanted: "a value that can be written".to_owned(),
        found: error.to_string(),
    })
}

/// Waits until nobody else builds. The lock goes with the file.
async fn lock(path: PathBuf) -> Result<File, LocalChainError> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(LocalChainError::io(&path))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() > BUILD_DEADLINE => {
                return Err(LocalChainError::BuildStuck { lock: path, waited: BUILD_DEADLINE });
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_POLL).await,
            Err(TryLockError::Error(source)) => return Err(LocalChainError::Io { path, source }),
        }
    }
}

/// Removes all but the newest states. What cannot be removed stays; it only takes room.
fn forget_old_states(states: &Path) {
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let mut directories: Vec<PathBuf> = fs::read_dir(states)
        .map(|entries| entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
        .unwrap_or_default();
    directories.sort_by_key(|path| std::cmp::Reverse(modified(path)));
    for old in directories.into_iter().skip(KEPT_STATES) {
        let _ = fs::remove_dir_all(old);
    }
}
