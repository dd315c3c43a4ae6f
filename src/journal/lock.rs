//! The one writer: an operating-system lock on a file of its own beside the database.

use std::{
    fs::{File, Metadata, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{JournalError, lease::AccountLease};

/// How often the lock is tried. Somebody who only looks at it holds it for a moment, and so does a child process between its
/// birth and its own program.
const ATTEMPTS: u32 = 20;
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Held while the journal is open for writing. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct WriterLock {
    path: PathBuf,
    file: File,
}

impl WriterLock {
    /// Takes the lock, waiting only for those who look at it, and leaves our process id for others to read.
    pub(super) fn take(path: &Path) -> Result<Self, JournalError> {
        let not_writable =
            |error: std::io::Error| JournalError::NotWritable { path: path.to_owned(), reason: error.to_string() };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(not_writable)?;
        for attempt in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < ATTEMPTS => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(JournalError::Locked { path: path.to_owned(), holder: holder(&mut file) });
                }
                Err(TryLockError::Error(error)) => return Err(not_writable(error)),
            }
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(not_writable)?;
        Ok(Self { path: path.to_owned(), file })
    }
}

impl AccountLease for WriterLock {
    /// The lock is on the file that we opened. Where another file stands in its place, or none, another process may hold a lock
    /// on that.
    fn check(&self) -> Result<(), JournalError> {
        let is_ours = std::fs::metadata(&self.path).and_then(|there| Ok(is_same(&there, &self.file.metadata()?)));
        if is_ours.unwrap_or(false) { Ok(()) } else { Err(JournalError::LeaseLost { path: self.path.clone() }) }
    }
}

#[cfg(unix)]
fn is_same(there: &Metadata, ours: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (there.dev(), there.ino()) == (ours.dev(), ours.ino())
}

#[cfg(not(unix))]
fn is_same(there: &Metadata, _ours: &Metadata) -> bool {
    there.is_file()
}

/// Who writes the journal just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Nobody.
    None,
    /// A process; its id, when it has left one.
    Process(Option<u32>),
}

impl Writer {
    /// Looks at the lock without keeping it. A lock file that cannot be opened is held by nobody.
    pub(super) fn of(path: &Path) -> Self {
        let Ok(mut file) = File::open(path) else { return Self::None };
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Self::Process(holder(&mut file)),
            _ => Self::None,
        }
    }
}

/// The process id in the lock file; `None` in the moment between another's lock and its writing.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
