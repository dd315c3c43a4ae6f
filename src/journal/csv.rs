//! One table as CSV, for spreadsheets.

use std::io::{BufWriter, Write};

use rusqlite::types::ValueRef;

use super::{
    DamagedRow, Exported, JournalError, JournalReader,
    export::{TABLES, columns, rows_of},
};
use crate::text::csv_cell;

/// Names of the tables that can be exported.
#[must_use]
pub fn exported_tables() -> [&'static str; 13] {
    TABLES.map(|(table, _)| table)
}

impl JournalReader {
    /// Writes a table of one moment as CSV: its columns' names, then a line for each row. A cell that a spreadsheet would take
    /// for a formula is quoted. A row that cannot be read is written as it is, counted and named. An unknown table is empty.
    pub fn export_csv(&self, out: &mut dyn Write, table: &str, with_raw: bool) -> Result<Exported, JournalError> {
        let mut out = BufWriter::new(out);
        let mut exported = Exported::default();
        let Some((table, check)) = TABLES.into_iter().find(|(name, _)| *name == table) else { return Ok(exported) };
        self.query(|db| {
            let mut statement = db.prepare(&rows_of(table))?;
            let columns = columns(table, &statement, with_raw);
            let header: Vec<String> = columns.iter().map(|column| csv_cell(&column.name)).collect();
            write_row(&mut out, &header)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                if let Err(error) = check(row) {
                    let Some(damaged) = DamagedRow::of(row, table, &error) else { return Err(error.into()) };
                    self.add_damaged(damaged);
                    exported.damaged = exported.damaged.saturating_add(1);
                }
                let cells = columns.iter().map(|column| row.get_ref(column.index).map(cell));
                write_row(&mut out, &cells.collect::<Result<Vec<_>, _>>()?)?;
                exported.records = exported.records.saturating_add(1);
            }
            Ok(())
        })?;
        out.flush().map_err(JournalError::Export)?;
        Ok(exported)
    }
}

fn write_row(out: &mut impl Write, cells: &[String]) -> Result<(), JournalError> {
    writeln!(out, "{}", cells.join(",")).map_err(JournalError::Export)
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => csv_cell(&String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => alloy::hex::encode_prefixed(bytes),
    }
}
