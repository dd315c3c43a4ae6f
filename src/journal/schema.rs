//! The tables and their versions (`user_version`); brought up to date in one transaction or not at all.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::{JournalError, error::Fault};

/// Each entry takes the tables from version `index` to `index + 1`. Entries are never changed, only added.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_tables.sql"),
    include_str!("migrations/0002_perps_orders_sagas.sql"),
    include_str!("migrations/0003_seen_block.sql"),
    include_str!("migrations/0004_loop_indices.sql"),
];

/// Version of the tables this program works with.
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

/// The version in the file; 0 before any table exists.
pub(super) fn version(connection: &Connection) -> Result<u32, Fault> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Applies what is missing.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found > VERSION {
        return Err(JournalError::OtherVersion { path: path.to_owned(), found, known: VERSION }.into());
    }
    if found == 0 {
        let tables: u32 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables > 0 {
            let reason = format!("it is a database of another program ({tables} tables and indices)");
            return Err(JournalError::Damaged { path: path.to_owned(), reason }.into());
        }
    }
    for step in MIGRATIONS.iter().skip(found as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}
