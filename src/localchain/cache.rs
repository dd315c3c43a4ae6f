//! The directory that keeps what is expensive to make and safe to delete.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use super::LocalChainError;

/// `${TRIMTAB_CACHE}`, else `${XDG_CACHE_HOME}/trimtab`, else `~/.cache/trimtab`.
///
/// `kit/` is the artifact kit, `replica/` holds built states by the hash of their inputs, `run/` tells which local
/// chains run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache directory that the environment names.
    pub fn find() -> Result<Self, LocalChainError> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set("TRIMTAB_CACHE")
            .or_else(|| set("XDG_CACHE_HOME").map(|base| base.join("trimtab")))
            .or_else(|| set("HOME").map(|home| home.join(".cache").join("trimtab")))
            .map(Self::at)
            .ok_or_else(|| LocalChainError::KitMissing(PathBuf::from("$TRIMTAB_CACHE (no home directory either)")))
    }

    /// A cache at this directory.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the artifact kit is.
    #[must_use]
    pub fn kit(&self) -> PathBuf {
        self.root.join("kit")
    }

    /// Where built states are.
    #[must_use]
    pub fn states(&self) -> PathBuf {
        self.root.join("replica")
    }

    /// Where running local chains leave their run files and logs.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }
}

/// A name that no other running process of this machine uses, and this one only once.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Makes a directory and its parents.
pub(crate) fn make_dir(path: &Path) -> Result<(), LocalChainError> {
    fs::create_dir_all(path).map_err(LocalChainError::io(path))
}

/// Writes a file so that readers see the old or the new content, never a part.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<(), LocalChainError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", unique()));
    let part = PathBuf::from(name);
    fs::write(&part, content).map_err(LocalChainError::io(&part))?;
    fs::rename(&part, path).map_err(LocalChainError::io(path))
}
