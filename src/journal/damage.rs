//! Rows that cannot be read: named, left out, and remembered for whoever shows results. One row never stops the others.

use std::sync::Arc;

use rusqlite::{Connection, Params, Row};

use super::{JournalError, JournalReader, damaged_row::DamagedRow, damages::Damages, error::Fault};

/// The rows that can be read, and those that cannot.
pub(super) struct Listed<T> {
    pub(super) rows: Vec<T>,
    pub(super) damaged: Vec<DamagedRow>,
}

/// Reads rows of a table, leaving out those that cannot be read.
pub(super) fn listed<T>(
    db: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Listed<T>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let mut found = statement.query(params)?;
    let mut listed = Listed { rows: Vec::new(), damaged: Vec::new() };
    while let Some(row) = found.next()? {
        match read(row) {
            Ok(value) => listed.rows.push(value),
            Err(error) => match DamagedRow::of(row, table, &error) {
                Some(damaged) => listed.damaged.push(damaged),
                None => return Err(error.into()),
            },
        }
    }
    Ok(listed)
}

/// Reads the first row of a table that a query finds; one that cannot be read is an error that names it.
pub(super) fn found<T>(
    db: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    read(row).map(Some).map_err(|error| match DamagedRow::of(row, table, &error) {
        Some(damaged) => JournalError::DamagedRow(Box::new(damaged)).into(),
        None => error.into(),
    })
}

/// Reads all rows that a change depends on; one that cannot be read is an error that names it.
pub(super) fn all<T>(
    db: &Connection,
    table: &'static str,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Fault> {
    let Listed { rows, damaged } = listed(db, table, sql, params, read)?;
    match damaged.into_iter().next() {
        Some(row) => Err(JournalError::DamagedRow(Box::new(row)).into()),
        None => Ok(rows),
    }
}

impl JournalReader {
    /// The damaged rows that this reader has met; they were left out of its answers.
    #[must_use]
    pub const fn damages(&self) -> &Arc<Damages> {
        &self.damages
    }

    /// Tells what it meets to the same place as others do.
    #[must_use]
    pub fn telling(mut self, damages: &Arc<Damages>) -> Self {
        self.damages.all().into_iter().for_each(|row| damages.add(row));
        self.damages = Arc::clone(damages);
        self
    }

    /// Runs a query for rows and keeps what is damaged among them for [`Self::damages`].
    pub(super) fn listed<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<Listed<T>, Fault>,
    ) -> Result<Vec<T>, JournalError> {
        let Listed { rows, damaged } = self.query(query)?;
        damaged.into_iter().for_each(|row| self.damages.add(row));
        Ok(rows)
    }

    pub(super) fn add_damaged(&self, row: DamagedRow) {
        self.damages.add(row);
    }
}
