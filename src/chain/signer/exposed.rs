//! Files with keys and passwords that others can read.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use secrecy::ExposeSecret;

use super::{WalletArgs, args::account_path};
use crate::text;

/// A file that somebody else can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExposedFile {
    path: PathBuf,
    by: Readers,
}

/// Who can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    Group,
    Everybody,
}

impl ExposedFile {
    /// Those of these files that somebody else can read.
    #[must_use]
    pub fn among(files: impl IntoIterator<Item = PathBuf>) -> Vec<Self> {
        files.into_iter().filter_map(|path| Some(Self { by: readers(&path)?, path })).collect()
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> String {
        format!("chmod 600 {}", text::path(&self.path))
    }
}

impl fmt::Display for ExposedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            Readers::Group => "the other users of its group",
            Readers::Everybody => "everybody on this machine",
        };
        write!(f, "{} can be read by {by}", text::path(&self.path))
    }
}

impl WalletArgs {
    /// Files of these options (keystore, password, mnemonic) that others can read.
    #[must_use]
    pub fn exposed_files(&self) -> Vec<ExposedFile> {
        let keystore = match &self.account {
            Some(name) => account_path(name).ok(),
            None => self.keystore.clone(),
        };
        let mnemonic = self.mnemonic.as_ref().map(|phrase| PathBuf::from(phrase.expose_secret()));
        let files = keystore.into_iter().chain(self.password_file.clone()).chain(mnemonic);
        ExposedFile::among(files)
    }
}

#[cfg(unix)]
fn readers(path: &Path) -> Option<Readers> {
    use std::os::unix::fs::PermissionsExt;

    let has = |path: &Path, bits| std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & bits != 0);
    let path = path.canonicalize().ok().filter(|path| path.is_file())?;
    // A directory on the way that is closed to others keeps what is in it.
    let open = |bits| path.ancestors().skip(1).all(|directory| has(directory, bits));
    if has(&path, 0o004) && open(0o001) {
        Some(Readers::Everybody)
    } else if has(&path, 0o040) && open(0o011) && !is_credential(&path) {
        Some(Readers::Group)
    } else {
        None
    }
}

/// Whether systemd keeps the file: it lets one user read it by an access list, which looks like a group's right.
#[cfg(unix)]
fn is_credential(path: &Path) -> bool {
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    directory.and_then(|directory| directory.canonicalize().ok()).is_some_and(|directory| path.starts_with(directory))
}

#[cfg(not(unix))]
fn readers(_: &Path) -> Option<Readers> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn key_password_and_mnemonic_that_others_can_read_are_told_with_what_to_do() {
        let directory = tempfile::tempdir().expect("directory");
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
        let file = |name: &str| {
            let path = directory.path().join(name);
            fs::write(&path, "x").expect("written");
            path
        };
        let (key, password, mnemonic) = (file("key"), file("password"), file("mnemonic"));
        let args = WalletArgs {
            keystore: Some(key.clone()),
            password_file: Some(password.clone()),
            mnemonic: Some(mnemonic.display().to_string().into()),
            ..WalletArgs::default()
        };
        mode(directory.path(), 0o755);
        mode(&key, 0o644);
        mode(&password, 0o640);
        mode(&mnemonic, 0o600);
        let told: Vec<String> = args.exposed_files().iter().map(|file| format!("{file}: {}", file.fix())).collect();
        let (key, password) = (key.display(), password.display());
        assert_eq!(
            told,
            [
                format!("{key} can be read by everybody on this machine: chmod 600 {key}"),
                format!("{password} can be read by the other users of its group: chmod 600 {password}"),
            ]
        );
        mode(&mnemonic, 0o604);
        assert_eq!(args.exposed_files().len(), 3);
        mode(directory.path(), 0o700);
        assert_eq!(args.exposed_files(), [], "a closed directory keeps them");
    }
}
