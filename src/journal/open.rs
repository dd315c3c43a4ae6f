//! Opening the file: its place, who may read it, its version, and readers where nothing can be written.

use std::{
    fs::{self},
    path::{Path, PathBuf},
    time::Duration,
};

use alloy::primitives::Address;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use super::{
    JournalError, Writer,
    column::Text,
    error::Fault,
    schema::{self, Migrated},
};

/// How long one connection waits for another's short internal locks (recovery after a crash, checkpoints).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn database_path(dir: &Path, network_id: &str, account: Address) -> Result<PathBuf, JournalError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if network_id.is_empty() || network_id.starts_with('.') || !network_id.bytes().all(allowed) {
        return Err(JournalError::BadNetworkName(network_id.to_owned()));
    }
    Ok(dir.join(network_id).join(format!("{}.sqlite", alloy::hex::encode_prefixed(account))))
}

pub(super) fn connect_writer(
    path: &Path,
    network_id: &str,
    account: Address,
) -> Result<(Connection, Option<Migrated>), Fault> {
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let not_writable = |reason: String| JournalError::NotWritable { path: path.to_owned(), reason };
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(not_writable("the file is read-only".to_owned()).into());
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(not_writable(format!("its file system allows journal mode `{mode}` only, not wal")).into());
    }
    // Every commit is on the disk before the call returns; fullfsync makes that true on macOS too.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let migrated = schema::migrate(&mut connection, path)?;

    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO network (only_row, network_id, account) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING",
        (network_id, Text(account)),
    )?;
    check_owner(&transaction, path, network_id, account)?;
    // Writes a page even when nothing is leased: a full disk shows now and not when there is something to sign.
    transaction.execute("UPDATE network SET network_id = network_id", [])?;
    super::lease_rows::release_all(&transaction)?;
    transaction.commit()?;
    Ok((connection, migrated))
}

pub(super) fn connect_reader(path: &Path, network_id: &str, account: Address) -> Result<Connection, Fault> {
    let (connection, found) = connect_any_reader(path)?;
    let path_owned = path.to_owned();
    match found {
        schema::VERSION => check_owner(&connection, path, network_id, account)?,
        0 => return Err(JournalError::NoJournal { path: path_owned }.into()),
        _ => return Err(JournalError::OtherVersion { path: path_owned, found, known: schema::VERSION }.into()),
    }
    Ok(connection)
}

/// Opens for reading, whatever the version of the tables is.
///
/// The usual way needs a shared-memory file beside the database, which cannot be made where the disk is full or the
/// directory is read-only. Then, with nobody writing, the file is read as it stands; and where a writer that crashed has
/// left a log that belongs to it, the log is read into memory under an exclusive lock.
pub(super) fn connect_any_reader(path: &Path) -> Result<(Connection, u32), Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let first = prepared(Connection::open_with_flags(path, flags)?);
    let fault = match first {
        Err(Fault::Sql(error)) if is_unshareable(&error) => Fault::Sql(error),
        other => return other,
    };
    if !has_write_ahead_log(path) {
        return prepared(connect_immutable(path)?);
    }
    if Writer::of(&path.with_extension("lock")) != Writer::None {
        return Err(fault);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "query_only", true)?;
    prepared(connection)
}

/// Sorting and the like happen in memory: a reader needs no room on the disk.
fn prepared(connection: Connection) -> Result<(Connection, u32), Fault> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    let version = schema::version(&connection)?;
    Ok((connection, version))
}

/// Where the shared-memory file that readers coordinate by cannot be made: no room, no permission, read-only media.
fn is_unshareable(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{
        CannotOpen, DiskFull, FileLockingProtocolFailed, PermissionDenied, ReadOnly, SystemIoFailure,
    };
    matches!(
        error.sqlite_error_code(),
        Some(CannotOpen | DiskFull | FileLockingProtocolFailed | PermissionDenied | ReadOnly | SystemIoFailure)
    )
}

pub(super) fn has_write_ahead_log(path: &Path) -> bool {
    fs::metadata(path.with_extension("sqlite-wal")).is_ok_and(|file| file.len() > 0)
}

/// Reads a file that nobody can be writing, without any file beside it.
pub(super) fn connect_immutable(path: &Path) -> Result<Connection, rusqlite::Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let absolute = std::path::absolute(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let text = absolute.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let uri = format!("file:{}?immutable=1", text.bytes().map(escape).collect::<String>());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags)
}

pub(super) fn check_owner(
    connection: &Connection,
    path: &Path,
    network_id: &str,
    account: Address,
) -> Result<(), Fault> {
    let (network, owner): (String, Text<Address>) =
        connection.query_row("SELECT network_id, account FROM network", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if network == network_id && owner.0 == account {
        return Ok(());
    }
    let (found, expected) = (format!("{} on {network}", owner.0), format!("{account} on {network_id}"));
    Err(JournalError::WrongJournal { path: path.to_owned(), found, expected }.into())
}
