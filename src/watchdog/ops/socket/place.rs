//! Where the socket is, and that nobody else can take its place.

use std::{
    fs, io,
    os::unix::{
        fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
        net::UnixStream as BlockingStream,
    },
    path::{Path, PathBuf},
};

use tokio::net::UnixListener;

use super::{
    error::SocketError,
    short::{MOST_BYTES, ShortPlaces, fits},
};
use crate::config::SocketConfig;

/// The socket of the journal in this database file: `socket.path`, or beside it, or where that is too long at a short path in
/// the user's runtime directory.
#[must_use]
pub fn socket_path(config: &SocketConfig, journal: &Path) -> PathBuf {
    if let Some(path) = &config.path {
        return path.clone();
    }
    let beside = journal.with_extension("sock");
    if fits(&beside) {
        return beside;
    }
    ShortPlaces::of(journal).path(journal).unwrap_or(beside)
}

/// The file, removed when the daemon ends.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    inode: u64,
}

/// Takes the place of a daemon that is gone; refuses where one lives.
pub(super) fn bind(path: &Path) -> Result<(UnixListener, Place), SocketError> {
    let unusable = |error: io::Error| SocketError::Place { path: path.to_owned(), reason: error.to_string() };
    // The new socket is made under another name and then takes the place in one step, with its mode already set.
    let fresh = path.with_extension(format!("{}~", std::process::id()));
    check_length(path, &fresh)?;
    prepare_directory(path)?;
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            let reason = "something that is no socket stands there; move it away".to_owned();
            return Err(SocketError::Place { path: path.to_owned(), reason });
        }
        Ok(_) if somebody_listens(path) => return Err(SocketError::Taken(path.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(error)),
    }
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(error)),
        _ => {}
    }
    let listener = UnixListener::bind(&fresh).map_err(unusable)?;
    let placed = fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| fs::symlink_metadata(path));
    match placed {
        Ok(file) => Ok((listener, Place { path: path.to_owned(), inode: file.ino() })),
        Err(error) => {
            let _ = fs::remove_file(&fresh);
            Err(unusable(error))
        }
    }
}

impl Place {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Another daemon may have taken the place meanwhile; its socket stays.
        if fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn check_length(path: &Path, longest: &Path) -> Result<(), SocketError> {
    let length = longest.as_os_str().len();
    if length > MOST_BYTES {
        return Err(SocketError::TooLong { path: path.to_owned(), length, most: MOST_BYTES });
    }
    Ok(())
}

/// A directory that we make is ours alone; one that exists must not let others put their own socket there.
fn prepare_directory(path: &Path) -> Result<(), SocketError> {
    let unusable = |reason: String| SocketError::Place { path: path.to_owned(), reason };
    let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) else { return Ok(()) };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| unusable(error.to_string()))?;
    let mode = fs::metadata(directory).map_err(|error| unusable(error.to_string()))?.permissions().mode();
    if mode & 0o022 != 0 {
        let mode = mode & 0o7777;
        return Err(unusable(format!("others may write to its directory (mode {mode:o}); chmod 700 it")));
    }
    ShortPlaces::ours().problem(directory).map_or(Ok(()), |reason| Err(unusable(reason)))
}

/// A socket file without a process behind it refuses; anything else is somebody, even if too busy to take us.
fn somebody_listens(path: &Path) -> bool {
    match BlockingStream::connect(path) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound),
    }
}
