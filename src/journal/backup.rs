//! Backups: one file, made while the journal is read and written, checked when made and again when restored.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use alloy::primitives::Address;
use rusqlite::Connection;
use serde::Serialize;

use super::{
    Journal, JournalError, JournalReader, copy,
    error::Fault,
    in_flight::IN_FLIGHT,
    lock::WriterLock,
    open::{check_owner, connect_any_reader, connect_immutable, database_path},
    private_file, schema,
};

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct BackedUp {
    /// The file.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Version of its tables.
    pub tables: u32,
    /// Intents in it.
    pub intents: u64,
}

/// A journal that took another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Restored {
    /// The journal.
    pub path: PathBuf,
    /// Where it was restored from.
    pub from: PathBuf,
    /// Version of its tables.
    pub tables: u32,
    /// The journal that was there before; `None` when there was none.
    pub replaced: Option<PathBuf>,
    /// Intents that may still take effect and that the restored journal does not know.
    pub forgotten: Vec<String>,
}

impl JournalReader {
    /// Writes all there is at this moment into a new file, and checks it. Whoever writes goes on meanwhile.
    pub fn backup(&self, file: &Path) -> Result<BackedUp, JournalError> {
        let make = || {
            copy::copy(&self.connection(), file)?;
            let made = connect_immutable(file)?;
            let intents: i64 = made.query_row("SELECT count(*) FROM intents", [], |row| row.get(0))?;
            let size = |error: std::io::Error| JournalError::Copy { path: file.to_owned(), reason: error.to_string() };
            let bytes = fs::metadata(file).map_err(size)?.len();
            let tables = schema::version(&made)?;
            Ok(BackedUp { file: file.to_owned(), bytes, tables, intents: intents.unsigned_abs() })
        };
        make().map_err(|fault: Fault| fault.at(file))
    }
}

impl Journal {
    /// Puts a backup in the place of the journal of a network and account; the file that was there stays beside it.
    ///
    /// Refused while somebody writes the journal, when the file is damaged or of another network or account, and when
    /// it does not know an intent that may still take effect, unless `forget` says that this is meant.
    pub fn restore(
        dir: &Path,
        network_id: &str,
        account: Address,
        file: &Path,
        forget: bool,
    ) -> Result<Restored, JournalError> {
        let path = database_path(dir, network_id, account)?;
        if !file.exists() {
            return Err(JournalError::NoJournal { path: file.to_owned() });
        }
        let not_writable =
            |error: std::io::Error| JournalError::NotWritable { path: path.clone(), reason: error.to_string() };
        private_file::create_private_directories(path.parent().unwrap_or(dir)).map_err(not_writable)?;
        let _lock = WriterLock::take(&path.with_extension("lock"))?;

        let (backup, tables) = checked(file, network_id, account).map_err(|fault| fault.at(file))?;
        let forgotten = forgotten(&path, &backup).map_err(|fault| fault.at(&path))?;
        if !forgotten.is_empty() && !forget {
            return Err(JournalError::WouldForget { path: file.to_owned(), ids: forgotten });
        }
        let incoming = copy::name_beside(&backup, &path, "restoring").map_err(|fault| fault.at(file))?;
        copy::copy(&backup, &incoming).map_err(|fault| fault.at(&incoming))?;
        let kept = copy::name_beside(&backup, &path, "replaced").map_err(|fault| fault.at(file))?;
        let replaced = exchange(&path, &incoming, &kept).map_err(not_writable)?.then_some(kept);
        Ok(Restored { path, from: file.to_owned(), tables, replaced, forgotten })
    }
}

/// The backup, open for reading, when it can take a journal's place.
fn checked(file: &Path, network_id: &str, account: Address) -> Result<(Connection, u32), Fault> {
    let (backup, found) = connect_any_reader(file)?;
    match found {
        0 => return Err(JournalError::Damaged { path: file.to_owned(), reason: "it is no journal".to_owned() }.into()),
        1..=schema::VERSION => {}
        _ => return Err(JournalError::OtherVersion { path: file.to_owned(), found, known: schema::VERSION }.into()),
    }
    check_owner(&backup, file, network_id, account)?;
    copy::check(&backup, file)?;
    Ok((backup, found))
}

/// Intents in flight that the backup does not know. A journal that cannot be read as a whole says nothing about them.
fn forgotten(path: &Path, backup: &Connection) -> Result<Vec<String>, Fault> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let Ok((current, 1..=schema::VERSION)) = connect_any_reader(path) else { return Ok(Vec::new()) };
    let in_flight = || {
        let mut statement = current.prepare(&format!("SELECT id FROM intents WHERE {IN_FLIGHT}"))?;
        statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, rusqlite::Error>>()
    };
    let mut known = backup.prepare("SELECT 1 FROM intents WHERE id = ?1")?;
    let mut unknown = Vec::new();
    for id in in_flight().unwrap_or_default() {
        if !known.exists([&id])? {
            unknown.push(id);
        }
    }
    Ok(unknown)
}

/// Moves the journal out of the way, with the log that belongs to it, and the other into its place. Tells whether there
/// was one.
fn exchange(path: &Path, incoming: &Path, kept: &Path) -> std::io::Result<bool> {
    let was_there = path.exists();
    if was_there {
        for suffix in ["sqlite-wal", "sqlite"] {
            let from = path.with_extension(suffix);
            if from.exists() {
                fs::rename(from, kept.with_extension(suffix))?;
            }
        }
        let shared = path.with_extension("sqlite-shm");
        if shared.exists() {
            fs::remove_file(shared)?;
        }
    }
    fs::rename(incoming, path)?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    Ok(was_there)
}
