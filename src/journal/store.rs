//! Opening: one database per network and account, one writer, any number of readers.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy::primitives::Address;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{JournalError, column::Text, error::Fault, lock::WriterLock, schema};

/// How long one connection waits for another's short internal locks (recovery after a crash, checkpoints).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The journal open for reading: every question, no change. Works while a writer runs.
#[derive(Debug)]
pub struct JournalReader {
    connection: Mutex<Connection>,
    path: PathBuf,
    account: Address,
}

/// The journal open for writing; there is one such per network and account at a time.
#[derive(Debug)]
pub struct Journal {
    reader: JournalReader,
    _lock: WriterLock,
}

impl Journal {
    /// Opens `<dir>/<network_id>/<account>.sqlite` for writing, creating it when missing. Takes the writer's lock,
    /// brings the tables up to date, proves that it can write, and releases nonces whose process ended before
    /// recording a signature.
    pub fn open(dir: &Path, network_id: &str, account: Address) -> Result<Self, JournalError> {
        let path = database_path(dir, network_id, account)?;
        let not_writable =
            |error: io::Error| JournalError::NotWritable { path: path.clone(), reason: error.to_string() };
        create_private_directories(path.parent().unwrap_or(dir)).map_err(not_writable)?;
        let lock = WriterLock::take(&path.with_extension("lock"))?;
        create_private_file(&path).map_err(not_writable)?;
        let connection = connect_writer(&path, network_id, account).map_err(|fault| fault.at(&path))?;
        let reader = JournalReader { connection: Mutex::new(connection), path, account };
        Ok(Self { reader, _lock: lock })
    }

    /// Opens the same database for reading only; a writer may be at work.
    pub fn read(dir: &Path, network_id: &str, account: Address) -> Result<JournalReader, JournalError> {
        let path = database_path(dir, network_id, account)?;
        if !path.exists() {
            return Err(JournalError::NoJournal { path });
        }
        let connection = connect_reader(&path, network_id, account).map_err(|fault| fault.at(&path))?;
        Ok(JournalReader { connection: Mutex::new(connection), path, account })
    }

    /// The questions one can ask, with what was just written in the answers.
    #[must_use]
    pub const fn reader(&self) -> &JournalReader {
        &self.reader
    }

    /// Whose transactions these are.
    #[must_use]
    pub const fn account(&self) -> Address {
        self.reader.account
    }

    /// Runs `change` in one transaction; when this returns `Ok`, it is on the disk.
    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, JournalError> {
        let mut connection = self.reader.connection();
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = change(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run().map_err(|fault: Fault| fault.at(&self.reader.path))
    }
}

impl JournalReader {
    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `query` on one consistent state of the database.
    pub(super) fn query<T>(&self, query: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, JournalError> {
        let mut connection = self.connection();
        let run = || {
            let transaction = connection.transaction()?;
            query(&transaction)
        };
        run().map_err(|fault: Fault| fault.at(&self.path))
    }

    /// A panic elsewhere leaves no half-done work behind: open transactions roll back when dropped.
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn database_path(dir: &Path, network_id: &str, account: Address) -> Result<PathBuf, JournalError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    if network_id.is_empty() || network_id.starts_with('.') || !network_id.bytes().all(allowed) {
        return Err(JournalError::BadNetworkName(network_id.to_owned()));
    }
    Ok(dir.join(network_id).join(format!("{}.sqlite", alloy::hex::encode_prefixed(account))))
}

fn connect_writer(path: &Path, network_id: &str, account: Address) -> Result<Connection, Fault> {
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
    schema::migrate(&mut connection, path)?;

    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO network (only_row, network_id, account) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING",
        (network_id, Text(account)),
    )?;
    check_owner(&transaction, path, network_id, account)?;
    // Writes a page even when nothing is leased: a full disk shows now and not when there is something to sign.
    transaction.execute("UPDATE network SET network_id = network_id", [])?;
    super::nonce::release_all(&transaction)?;
    transaction.commit()?;
    Ok(connection)
}

fn connect_reader(path: &Path, network_id: &str, account: Address) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let found = match schema::version(&connection) {
        Ok(found) => found,
        Err(Fault::Sql(error)) if is_unshareable(&error) && !has_write_ahead_log(path) => {
            connection = connect_immutable(path)?;
            schema::version(&connection)?
        }
        Err(fault) => return Err(fault),
    };
    let path_owned = path.to_owned();
    match found {
        schema::VERSION => check_owner(&connection, path, network_id, account)?,
        0 => return Err(JournalError::NoJournal { path: path_owned }.into()),
        _ => return Err(JournalError::OtherVersion { path: path_owned, found, known: schema::VERSION }.into()),
    }
    Ok(connection)
}

/// In a directory that cannot be written, the shared-memory file that readers coordinate by cannot be created.
fn is_unshareable(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
    matches!(error.sqlite_error_code(), Some(CannotOpen | ReadOnly))
}

fn has_write_ahead_log(path: &Path) -> bool {
    fs::metadata(path.with_extension("sqlite-wal")).is_ok_and(|file| file.len() > 0)
}

/// Reads a file that nobody can be writing, without any file beside it.
fn connect_immutable(path: &Path) -> Result<Connection, rusqlite::Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let absolute = std::path::absolute(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let text = absolute.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let uri = format!("file:{}?immutable=1", text.bytes().map(escape).collect::<String>());
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(uri, flags)
}

fn check_owner(connection: &Connection, path: &Path, network_id: &str, account: Address) -> Result<(), Fault> {
    let (network, owner): (String, Text<Address>) =
        connection.query_row("SELECT network_id, account FROM network", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if network == network_id && owner.0 == account {
        return Ok(());
    }
    let (found, expected) = (format!("{} on {network}", owner.0), format!("{account} on {network_id}"));
    Err(JournalError::WrongJournal { path: path.to_owned(), found, expected }.into())
}

/// Signed bytes that were not sent yet are in the journal: only the user may read it.
fn create_private_directories(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn create_private_file(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.sync_all()?;
    // The names of a new file and of its new directory must survive a power cut as well.
    for directory in path.ancestors().skip(1).take(2) {
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}
