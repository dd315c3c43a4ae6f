//! `[[watch.keys]]`: keystores that the watch acts with, each with a password file of its own.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// A keystore, and the file with its password. Neither holds a secret in the settings themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchKey {
    /// Name of a keystore in foundry's directory; this or `keystore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Path of a keystore; this or `account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keystore: Option<PathBuf>,
    /// File with the keystore's password.
    pub password_file: PathBuf,
}

impl WatchKey {
    /// What it is called in messages: the account's name, or the keystore's path.
    #[must_use]
    pub fn label(&self) -> String {
        match (&self.account, &self.keystore) {
            (Some(account), _) => account.clone(),
            (None, Some(keystore)) => crate::text::path(keystore),
            (None, None) => "unnamed".to_owned(),
        }
    }

    /// Whether somebody who says this name means this keystore: the account's name, or the file's.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        let file = self.keystore.as_ref().and_then(|path| path.file_name());
        self.account.as_deref() == Some(name) || file.is_some_and(|file| file == name)
    }

    /// Whether it is the keystore at this path.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        let own = self.keystore.as_deref();
        own == Some(path)
            || own.is_some_and(|own| {
                own.canonicalize().ok().is_some_and(|own| path.canonicalize().is_ok_and(|path| path == own))
            })
    }

    /// With relative paths taken from this directory.
    pub(super) fn within(&mut self, directory: &Path) {
        let paths = self.keystore.iter_mut().chain([&mut self.password_file]);
        // An empty path is a slip, and stays one.
        for path in paths.filter(|path| !path.as_os_str().is_empty()) {
            *path = directory.join(&*path);
        }
    }

    fn problem(&self) -> Option<&'static str> {
        let is_blank = |text: &str| text.trim().is_empty();
        match (&self.account, &self.keystore) {
            (Some(_), Some(_)) => Some("it has both `account` and `keystore`: give one of them"),
            (None, None) => Some("it has neither `account` (a keystore's name) nor `keystore` (a path)"),
            (Some(account), _) if is_blank(account) => Some("`account` is empty"),
            (_, Some(path)) if path.as_os_str().is_empty() => Some("`keystore` is empty"),
            _ if self.password_file.as_os_str().is_empty() => Some("`password_file` is empty"),
            (_, Some(path)) if names_home(path) => {
                Some("`keystore` has a `~`, which only a shell replaces: write the path out")
            }
            _ if names_home(&self.password_file) => {
                Some("`password_file` has a `~`, which only a shell replaces: write the path out")
            }
            _ => None,
        }
    }
}

fn names_home(path: &Path) -> bool {
    path.iter().any(|part| part == "~")
}

/// What is wrong with the list, naming the entry.
pub(super) fn problem(keys: &[WatchKey]) -> Option<(&'static str, String)> {
    let mut seen = BTreeSet::new();
    for (entry, key) in (1..).zip(keys) {
        if let Some(reason) = key.problem() {
            return Some(("watch.keys", format!("entry {entry} ({}): {reason}", key.label())));
        }
        if !seen.insert((&key.account, &key.keystore)) {
            return Some(("watch.keys", format!("entry {entry} ({}): this keystore is named twice", key.label())));
        }
    }
    None
}
