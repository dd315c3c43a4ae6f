//! Opening: one database per network and account, one writer, any number of readers.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy::primitives::Address;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{
    Damages, JournalError, Migrated,
    error::Fault,
    lease::AccountLease,
    lock::{Writer, WriterLock},
    open::{connect_reader, connect_writer, database_path},
    private_file::{create_private_directories, create_private_file},
};

/// The journal open for reading: every question, no change. Works while a writer runs.
#[derive(Debug)]
pub struct JournalReader {
    connection: Mutex<Connection>,
    path: PathBuf,
    account: Address,
    pub(super) damages: Arc<Damages>,
}

/// The journal open for writing; there is one such per network and account at a time.
#[derive(Debug)]
pub struct Journal {
    reader: JournalReader,
    migrated: Option<Box<Migrated>>,
    lease: Box<dyn AccountLease>,
}

impl Journal {
    /// Opens `<dir>/<network_id>/<account>.sqlite` for writing, creating it when missing. Takes the writer's lock,
    /// brings the tables up to date (the file as it was stays beside it: [`Self::migrated`]), proves that it can write,
    /// and releases nonces whose process ended before recording a signature.
    pub fn open(dir: &Path, network_id: &str, account: Address) -> Result<Self, JournalError> {
        let path = database_path(dir, network_id, account)?;
        let not_writable =
            |error: io::Error| JournalError::NotWritable { path: path.clone(), reason: error.to_string() };
        create_private_directories(path.parent().unwrap_or(dir)).map_err(not_writable)?;
        let lease = WriterLock::take(&path.with_extension("lock"))?;
        Self::open_with(Box::new(lease), path, network_id, account)
    }

    /// The same for whoever has the right to write it in another way than by the lock file.
    pub fn open_with(
        lease: Box<dyn AccountLease>,
        path: PathBuf,
        network_id: &str,
        account: Address,
    ) -> Result<Self, JournalError> {
        let not_writable =
            |error: io::Error| JournalError::NotWritable { path: path.clone(), reason: error.to_string() };
        create_private_file(&path).map_err(not_writable)?;
        let (connection, migrated) = connect_writer(&path, network_id, account).map_err(|fault| fault.at(&path))?;
        let reader = JournalReader::over(connection, path, account);
        Ok(Self { reader, migrated: migrated.map(Box::new), lease })
    }

    /// Where the journal of a network and account is, and who writes it now; the file is not opened.
    pub fn place(dir: &Path, network_id: &str, account: Address) -> Result<(PathBuf, Writer), JournalError> {
        let path = database_path(dir, network_id, account)?;
        let writer = Writer::of(&path.with_extension("lock"));
        Ok((path, writer))
    }

    /// What opening it has brought up to date; `None` when the tables were of this program's version.
    #[must_use]
    pub fn migrated(&self) -> Option<&Migrated> {
        self.migrated.as_deref()
    }

    /// Tells damaged rows that its reader meets to the same place as others do.
    #[must_use]
    pub fn telling(mut self, damages: &Arc<Damages>) -> Self {
        self.reader = self.reader.telling(damages);
        self
    }

    /// Opens the same database for reading only; a writer may be at work.
    pub fn read(dir: &Path, network_id: &str, account: Address) -> Result<JournalReader, JournalError> {
        let path = database_path(dir, network_id, account)?;
        if !path.exists() {
            return Err(JournalError::NoJournal { path });
        }
        let connection = connect_reader(&path, network_id, account).map_err(|fault| fault.at(&path))?;
        Ok(JournalReader::over(connection, path, account))
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

    /// Whether this process may still write and sign for the account.
    pub(super) fn check_lease(&self) -> Result<(), JournalError> {
        self.lease.check()
    }

    /// Runs `change` in one transaction; when this returns `Ok`, it is on the disk.
    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, JournalError> {
        self.lease.check()?;
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
    fn over(connection: Connection, path: PathBuf, account: Address) -> Self {
        Self { connection: Mutex::new(connection), path, account, damages: Arc::default() }
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who has the journal open for writing just now; looking does not disturb.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer::of(&self.path.with_extension("lock"))
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

#[cfg(test)]
mod tests {
    use alloy::{
        consensus::{SignableTransaction, TxEip1559, TxEnvelope},
        eips::Encodable2718,
        network::TxSignerSync,
        primitives::{B256, Bytes, TxKind, U256},
        signers::local::PrivateKeySigner,
    };
    use serde_json::json;
    use tempfile::TempDir;

    use std::fs;

    use super::*;
    use crate::journal::{
        IntentId, IntentState, NewIntent, Stamp,
        open::{connect_immutable, has_write_ahead_log},
    };
    use crate::units::Millis;

    const NETWORK: &str = "replica-test";

    /// Anvil's first public test key.
    fn signer() -> PrivateKeySigner {
        "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80".parse().expect("anvil's key")
    }

    fn fresh() -> (TempDir, Journal) {
        let dir = TempDir::new().expect("temporary directory");
        let journal = Journal::open(dir.path(), NETWORK, signer().address()).expect("opens");
        (dir, journal)
    }

    fn simulated(journal: &Journal, name: &str) -> IntentId {
        let id = IntentId::derive(Millis(1), name.as_bytes());
        let intent = NewIntent {
            id,
            kind: "loop-open".to_owned(),
            paper: false,
            plan: json!({ "leverage": "3" }),
            plan_hash: B256::repeat_byte(1),
            steps: 1,
        };
        journal.record_planned(&intent, Stamp::default()).expect("planned");
        journal.record_approved(id, Stamp::default()).expect("approved");
        journal.record_simulated(id, Stamp::default()).expect("simulated");
        id
    }

    fn sign(nonce: u64) -> Bytes {
        let to = TxKind::Call(Address::repeat_byte(7));
        let mut tx = TxEip1559 { chain_id: 8453, nonce, gas_limit: 21_000, to, value: U256::ONE, ..Default::default() };
        let signature = signer().sign_transaction_sync(&mut tx).expect("signs");
        TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
    }

    fn fill_the_disk(journal: &Journal) {
        let connection = journal.reader.connection();
        let pages: u32 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).expect("page count");
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).expect("limit");
    }

    fn not_writable(error: &JournalError) -> bool {
        matches!(error, JournalError::NotWritable { .. }) && error.exit_code() == 9
    }

    #[test]
    fn a_full_disk_refuses_before_anything_is_signed_and_loses_nothing() {
        let (dir, journal) = fresh();
        let id = simulated(&journal, "before");
        fill_the_disk(&journal);
        let big = NewIntent {
            id: IntentId::derive(Millis(2), b"big"),
            kind: "loop-open".to_owned(),
            paper: false,
            plan: json!({ "steps": "x".repeat(100_000) }),
            plan_hash: B256::ZERO,
            steps: 1,
        };
        let error = journal.record_planned(&big, Stamp::default()).expect_err("no room");
        assert!(not_writable(&error), "{error}");
        drop(journal);
        let reader = Journal::read(dir.path(), NETWORK, signer().address()).expect("still readable");
        assert_eq!(reader.intent(id).expect("still there").state, IntentState::Simulated);
        assert!(matches!(reader.intent(big.id), Err(JournalError::UnknownIntent(_))));
    }

    #[test]
    fn signed_bytes_that_do_not_fit_on_the_disk_cannot_be_sent() {
        let (_dir, journal) = fresh();
        let id = simulated(&journal, "full");
        let lease = journal.lease_nonce(id, 0, Stamp::default()).expect("leased");
        let mut tx = TxEip1559 { chain_id: 8453, input: vec![7; 100_000].into(), ..Default::default() };
        let signature = signer().sign_transaction_sync(&mut tx).expect("signs");
        let raw: Bytes = TxEnvelope::from(tx.into_signed(signature)).encoded_2718().into();
        let hash = alloy::primitives::keccak256(&raw);
        fill_the_disk(&journal);
        let error = journal.record_signed(&lease, raw, Stamp::default()).expect_err("no room");
        assert!(not_writable(&error), "{error}");
        assert!(matches!(journal.resendable(hash), Err(JournalError::UnknownTransaction(_))));
        assert_eq!(journal.reader().intent(id).expect("there").state, IntentState::Simulated);
    }

    #[test]
    fn a_journal_that_turned_read_only_leases_no_nonce_and_takes_no_signature() {
        let (_dir, journal) = fresh();
        let (first, second) = (simulated(&journal, "first"), simulated(&journal, "second"));
        let lease = journal.lease_nonce(first, 0, Stamp::default()).expect("leased");
        journal.reader.connection().pragma_update(None, "query_only", true).expect("read-only");
        for error in [
            journal.lease_nonce(second, 0, Stamp::default()).expect_err("no lease"),
            journal.record_signed(&lease, sign(0), Stamp::default()).expect_err("no signature"),
            journal.release(&lease, "given up", Stamp::default()).expect_err("no change at all"),
        ] {
            assert!(not_writable(&error), "{error}");
        }
    }

    #[test]
    fn a_place_where_no_file_can_be_made_is_not_writable() {
        let dir = TempDir::new().expect("temporary directory");
        let file = dir.path().join("file");
        fs::write(&file, "in the way").expect("written");
        let error = Journal::open(&file, NETWORK, signer().address()).expect_err("a file is no directory");
        assert!(not_writable(&error), "{error}");
    }

    #[test]
    fn a_journal_on_read_only_media_is_read_without_files_beside_it() {
        let (dir, journal) = fresh();
        let id = simulated(&journal, "kept");
        let path = journal.reader().path().to_owned();
        drop(journal);
        assert!(!has_write_ahead_log(&path), "closing writes everything into the one file");
        let reader = JournalReader::over(connect_immutable(&path).expect("opens"), path.clone(), signer().address());
        assert_eq!(reader.intent(id).expect("there").kind, "loop-open");
        let files = fs::read_dir(dir.path().join(NETWORK)).expect("listed").count();
        assert_eq!(files, 2, "the database and the lock file");
    }

    #[test]
    fn tables_of_a_newer_program_are_left_alone() {
        let (dir, journal) = fresh();
        journal.reader.connection().pragma_update(None, "user_version", 99).expect("set");
        drop(journal);
        for error in [
            Journal::open(dir.path(), NETWORK, signer().address()).map(drop).expect_err("newer"),
            Journal::read(dir.path(), NETWORK, signer().address()).map(drop).expect_err("newer"),
        ] {
            assert!(matches!(error, JournalError::OtherVersion { found: 99, .. }), "{error}");
            assert!(error.to_string().contains("use the newer program"), "{error}");
        }
    }

    #[test]
    fn every_commit_waits_for_the_disk_and_foreign_keys_hold() {
        let (_dir, journal) = fresh();
        let connection = journal.reader.connection();
        let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        assert_eq!(pragma("synchronous"), Ok(2), "FULL");
        assert_eq!(pragma("foreign_keys"), Ok(1));
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).expect("mode");
        assert_eq!(mode, "wal");
        let loose: u32 = connection
            .query_row(
                "SELECT count(*) FROM pragma_table_list
                 WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
                [],
                |row| row.get(0),
            )
            .expect("counted");
        assert_eq!(loose, 0, "every table is strict");
    }

    #[cfg(unix)]
    #[test]
    fn other_users_cannot_read_what_was_signed() {
        use std::os::unix::fs::PermissionsExt;
        let (dir, journal) = fresh();
        let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o077;
        assert_eq!(mode(journal.reader().path()), 0);
        assert_eq!(mode(&journal.reader().path().with_extension("sqlite-wal")), 0);
        assert_eq!(mode(&dir.path().join(NETWORK)), 0);
    }
}
