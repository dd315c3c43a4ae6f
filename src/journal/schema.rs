//! The tables and their versions (`user_version`); brought up to date in one transaction or not at all.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};
use serde::Serialize;

use super::{JournalError, copy, error::Fault};

/// Each entry takes the tables from version `index` to `index + 1`. Entries are never changed, only added.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_tables.sql"),
    include_str!("migrations/0002_perps_orders_sagas.sql"),
    include_str!("migrations/0003_seen_block.sql"),
    include_str!("migrations/0004_loop_indices.sql"),
    include_str!("migrations/0005_indexes.sql"),
    include_str!("migrations/0006_perp_key.sql"),
];

/// Version of the tables this program works with.
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

/// Tables that were brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Migrated {
    /// The journal.
    pub path: PathBuf,
    /// Version they had.
    pub from: u32,
    /// Version they have now.
    pub to: u32,
    /// The journal as it was before.
    pub copy: PathBuf,
}

impl Migrated {
    /// One sentence for people.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { path, from, to, copy } = self;
        let (path, copy) = (path.display(), copy.display());
        format!("journal {path}: tables brought from version {from} to {to}; the file as it was is {copy}")
    }
}

/// The version in the file; 0 before any table exists.
pub(super) fn version(connection: &Connection) -> Result<u32, Fault> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Applies what is missing. A journal with older tables is copied first.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<Option<Migrated>, Fault> {
    let found = version(connection)?;
    if found == VERSION {
        return Ok(None);
    }
    let kept = match found {
        1..VERSION => {
            let kept = copy::name_beside(connection, path, &format!("schema-{found}"))?;
            copy::copy(connection, &kept)?;
            Some(kept)
        }
        _ => None,
    };
    // A row that is damaged already goes on as it is; whoever reads it will tell.
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    let applied = apply(connection, path);
    connection.pragma_update(None, "ignore_check_constraints", false)?;
    applied?;
    Ok(kept.map(|copy| Migrated { path: path.to_owned(), from: found, to: VERSION, copy }))
}

fn apply(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
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
