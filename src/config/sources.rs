//! What settings are made from, gathered before anything is decided.

use std::{collections::BTreeMap, path::PathBuf};

use figment::value::Value;

use super::{Config, find::nearest};

/// Name of the file that is searched for.
pub(super) const FILE: &str = "trimtab.toml";

/// Flags, environment and directories of one run.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Sources {
    pub(super) flags: Vec<(String, String, Value)>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) directory: PathBuf,
    pub(super) file: Option<PathBuf>,
    pub(super) profile: Option<String>,
}

impl Sources {
    /// The environment and working directory of this process.
    pub fn from_process() -> Self {
        let env = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self::new(env, std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")))
    }

    /// An environment, and the directory from which files are searched upwards.
    pub fn new(env: BTreeMap<String, String>, directory: PathBuf) -> Self {
        let set = |name: &str| env.get(name).filter(|value| !value.is_empty()).cloned();
        let file = set("TRIMTAB_CONFIG").map(PathBuf::from);
        let profile = set("TRIMTAB_PROFILE");
        Self { flags: Vec::new(), env, directory, file, profile }
    }

    /// The file to read instead of searching one (`--config`).
    pub fn file(mut self, path: Option<PathBuf>) -> Self {
        self.file = path.or(self.file);
        self
    }

    /// The profile (`--profile`).
    pub fn profile(mut self, name: Option<String>) -> Self {
        self.profile = name.or(self.profile);
        self
    }

    /// A value from a flag: `flag("rpc.timeout", "--rpc-timeout", "3s")`.
    pub fn flag(mut self, key: &str, flag: &str, value: impl Into<Value>) -> Self {
        self.flags.push((key.to_owned(), flag.to_owned(), value.into()));
        self
    }

    /// Endpoints from `--rpc-url`; an empty list sets nothing.
    pub fn rpc_urls(self, urls: &[String]) -> Self {
        if urls.is_empty() { self } else { self.flag("rpc.urls", "--rpc-url", urls.to_vec()) }
    }

    pub(super) fn defaults(&self) -> Config {
        Config::defaults(&self.env)
    }

    /// The file that holds: the one named, the nearest one upwards, or the user's.
    pub(super) fn find_file(&self) -> Option<PathBuf> {
        self.file.clone().or_else(|| nearest(&self.directory, FILE)).or_else(|| {
            let base = |name: &str| self.env.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
            let user = base("XDG_CONFIG_HOME").or_else(|| base("HOME").map(|home| home.join(".config")))?;
            Some(user.join("trimtab").join(FILE)).filter(|path| path.is_file())
        })
    }
}
