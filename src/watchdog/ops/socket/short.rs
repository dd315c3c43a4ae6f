//! A short path for a socket whose place beside the journal is longer than the system allows, which is so in most homes for a
//! replica's journal. Daemon and commands derive the same one, whatever their environments are.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Where short paths may be, the best first.
#[derive(Debug)]
pub(super) struct ShortPlaces {
    /// Whose they are.
    owner: u32,
    /// Directories that the system made for this user.
    runtime: Vec<PathBuf>,
    /// Ours in the directory that everybody may write to.
    fallback: PathBuf,
}

impl ShortPlaces {
    /// Those for a journal: our own, or for the superuser those of the journal's owner.
    pub(super) fn of(journal: &Path) -> Self {
        match rustix::process::getuid().as_raw() {
            0 => Self::of_user(fs::metadata(journal).map_or(0, |found| found.uid())),
            ours => Self::of_user(ours),
        }
    }

    /// Our own.
    pub(super) fn ours() -> Self {
        Self::of_user(rustix::process::getuid().as_raw())
    }

    /// `$XDG_RUNTIME_DIR/trimtab`, `/run/user/UID/trimtab`, `/tmp/trimtab-UID`.
    fn of_user(owner: u32) -> Self {
        let set = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        Self::at(owner, set.into_iter().chain([PathBuf::from(format!("/run/user/{owner}"))]), Path::new("/tmp"))
    }

    fn at(owner: u32, runtime: impl IntoIterator<Item = PathBuf>, shared: &Path) -> Self {
        Self { owner, runtime: runtime.into_iter().collect(), fallback: shared.join(format!("trimtab-{owner}")) }
    }

    /// The path for a journal: where a socket is already, else in the first directory that can be used.
    pub(super) fn path(&self, journal: &Path) -> Option<PathBuf> {
        let name = name(journal);
        let runtime = self.runtime.iter().filter(|directory| self.is_private(directory));
        let directories = runtime.map(|directory| directory.join("trimtab")).chain([self.fallback.clone()]);
        let usable = |directory: &PathBuf| self.is_private(directory) || is_free(directory);
        let paths: Vec<PathBuf> =
            directories.filter(usable).map(|directory| directory.join(&name)).filter(|path| fits(path)).collect();
        let is_socket = |path: &&PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket());
        paths.iter().find(is_socket).or(paths.first()).cloned()
    }

    /// Why a directory of these must not be used; `None` for one that may be, and for every other directory.
    pub(super) fn problem(&self, directory: &Path) -> Option<String> {
        let is_one = self.runtime.iter().any(|base| base.join("trimtab") == directory) || self.fallback == directory;
        let reason = "its directory is not a directory of this user alone (mode 700); remove it, or set socket.path";
        (is_one && !self.is_private(directory)).then(|| reason.to_owned())
    }

    /// A directory, no link to one, that only its owner may look into.
    fn is_private(&self, directory: &Path) -> bool {
        fs::symlink_metadata(directory)
            .is_ok_and(|found| found.is_dir() && [self.owner, 0].contains(&found.uid()) && found.mode() & 0o077 == 0)
    }
}

fn is_free(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// A name that only this journal has.
fn name(journal: &Path) -> String {
    let absolute = std::path::absolute(journal).unwrap_or_else(|_| journal.to_owned());
    // The directory exists before the journal does, under one real name.
    let real = match (absolute.parent().and_then(|parent| parent.canonicalize().ok()), absolute.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => absolute,
    };
    let digest = Sha256::digest(real.as_os_str().as_encoded_bytes());
    format!("{}.sock", alloy::hex::encode(digest.get(..8).unwrap_or_default()))
}

/// Whether the system takes a socket at this path, and one in the making beside it.
pub(super) fn fits(path: &Path) -> bool {
    path.as_os_str().len() + FRESH_BYTES <= MOST_BYTES
}

/// Bytes of a socket's path on Linux and macOS, the smaller of the two, without the closing zero.
pub(super) const MOST_BYTES: usize = 103;

/// What the name of a socket in the making is longer at most: a process id and a mark instead of `sock`.
const FRESH_BYTES: usize = 4;

#[cfg(test)]
mod tests {
    use std::os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    };

    use super::*;

    fn made(path: &Path, mode: u32) {
        fs::create_dir(path).expect("directory");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
    }

    #[test]
    fn the_socket_of_a_journal_deep_in_a_home_has_a_short_path_that_daemon_and_commands_agree_on() {
        let directory = tempfile::tempdir().expect("directory");
        let (run, shared) = (directory.path().join("run"), directory.path().join("tmp"));
        made(&run, 0o700);
        made(&shared, 0o777);
        let uid = rustix::process::getuid().as_raw();
        let journal = directory.path().join("a".repeat(90)).join("0xabc.sqlite");
        let with_runtime = ShortPlaces::at(uid, [run.clone()], &shared);
        let without = ShortPlaces::at(uid, [], &shared);
        let first = with_runtime.path(&journal).expect("a place");
        assert!(first.starts_with(run.join("trimtab")) && fits(&first), "{}", first.display());
        let second = without.path(&journal).expect("a place");
        assert!(second.starts_with(shared.join(format!("trimtab-{uid}"))));
        assert_ne!(first, with_runtime.path(&journal.with_file_name("0xdef.sqlite")).expect("a place"));
        // A daemon without the variable is found by a command with it.
        made(second.parent().expect("directory"), 0o700);
        let _daemon = UnixListener::bind(&second).expect("socket");
        assert_eq!(with_runtime.path(&journal), Some(second));
    }

    #[test]
    fn a_directory_that_somebody_else_prepared_is_not_used() {
        let directory = tempfile::tempdir().expect("directory");
        let uid = rustix::process::getuid().as_raw();
        let journal = directory.path().join("0xabc.sqlite");
        let places = ShortPlaces::at(uid, [], directory.path());
        let ours = directory.path().join(format!("trimtab-{uid}"));
        assert!(places.path(&journal).is_some());
        made(&ours, 0o755);
        assert_eq!(places.path(&journal), None, "others may look into it");
        assert!(places.problem(&ours).is_some_and(|why| why.contains("socket.path")));
        fs::remove_dir(&ours).expect("removed");
        let elsewhere = directory.path().join("elsewhere");
        made(&elsewhere, 0o700);
        symlink(&elsewhere, &ours).expect("link");
        assert_eq!(places.path(&journal), None, "a link");
        if uid != 0 {
            let others = ShortPlaces::at(uid + 1, [], directory.path());
            made(&directory.path().join(format!("trimtab-{}", uid + 1)), 0o700);
            assert_eq!(others.path(&journal), None, "of another user");
        }
        assert_eq!(places.problem(&elsewhere), None, "no directory of these");
    }
}
