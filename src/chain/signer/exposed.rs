//! Files with keys and passwords that others can read.

use std::path::{Path, PathBuf};

use super::{WalletArgs, args::account_path};

impl WalletArgs {
    /// Files of these options, keystore and password, that everybody on this machine can read.
    #[must_use]
    pub fn exposed_files(&self) -> Vec<PathBuf> {
        let keystore = match &self.account {
            Some(name) => account_path(name).ok(),
            None => self.keystore.clone(),
        };
        keystore.into_iter().chain(self.password_file.clone()).filter(|path| is_world_readable(path)).collect()
    }
}

#[cfg(unix)]
fn is_world_readable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    let has = |path: &Path, bit| std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & bit != 0);
    // A directory on the way that is closed to others keeps what is in it.
    path.canonicalize().is_ok_and(|path| {
        path.is_file() && has(&path, 0o004) && path.ancestors().skip(1).all(|directory| has(directory, 0o001))
    })
}

#[cfg(not(unix))]
fn is_world_readable(_: &Path) -> bool {
    false
}
