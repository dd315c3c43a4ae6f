//! Copies of a journal in one file: made while others read and write, checked before anybody relies on them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{JournalError, error::Fault, private_file};

/// Copies the database page by page into a new file that only the user may read, and checks the copy.
pub(super) fn copy(from: &Connection, to: &Path) -> Result<(), Fault> {
    let failed = |error: std::io::Error| JournalError::Copy { path: to.to_owned(), reason: error.to_string() };
    private_file::new_private_file(to).map_err(failed)?;
    let done =
        copy_into(from, to).and_then(|()| Ok(File::open(to).and_then(|file| file.sync_all()).map_err(failed)?));
    if done.is_err() {
        // Half a copy is worse than none; the error tells why.
        let _ = fs::remove_file(to);
    }
    done
}

fn copy_into(from: &Connection, to: &Path) -> Result<(), Fault> {
    let reason = |reason: String| JournalError::Copy { path: to.to_owned(), reason };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut copy = Connection::open_with_flags(to, flags).map_err(|error| reason(error.to_string()))?;
    // All pages in one step: of one moment, whatever is written meanwhile.
    match Backup::new(from, &mut copy)?.step(-1).map_err(|error| reason(error.to_string()))? {
        StepResult::Done => {}
        other => return Err(reason(format!("the journal is busy ({other:?}); try again")).into()),
    }
    // One file, without a log beside it.
    let mode: String = copy.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))?;
    if mode != "delete" {
        return Err(reason(format!("it stays in journal mode `{mode}`")).into());
    }
    check(&copy, to)
}

/// Refuses a database with broken pages or indexes. Rows that a command could not read are no reason: they are copied.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), Fault> {
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    connection.pragma_update(None, "ignore_check_constraints", false)?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(JournalError::Damaged { path: path.to_owned(), reason: found }.into()),
    }
}

/// A name beside the journal that says what the copy is and when it was made.
pub(super) fn name_beside(connection: &Connection, path: &Path, what: &str) -> Result<PathBuf, Fault> {
    // The database's own clock: good enough for a name, and nothing else depends on it.
    let now: String = connection.query_row("SELECT strftime('%Y%m%dT%H%M%SZ', 'now')", [], |row| row.get(0))?;
    let name = |suffix: &str| path.with_extension(format!("{what}.{now}{suffix}.sqlite"));
    let first = name("");
    let next = || (2..100).map(|count| name(&format!("-{count}"))).find(|path| !path.exists());
    if first.exists() { Ok(next().unwrap_or(first)) } else { Ok(first) }
}
