//! Everything as JSON lines, one record a line, for other programs and for safe keeping.

use std::io::{BufWriter, Write};

use rusqlite::{Error, Row, Statement, types::ValueRef};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    DamagedRow, JournalError, JournalReader, column::Json, damaged_row, event, intent_row, order, perp, position, saga,
    sample, schema, transaction,
};
use crate::text;

/// Name and version of the lines' form.
const SCHEMA: &str = "trimtab.journal-export/1";

/// Bytes that are gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// How a row is read where it is used: what no command could read is no record of the export either.
pub(super) type Check = fn(&Row<'_>) -> rusqlite::Result<()>;

/// Tables in an order in which every record comes after those it refers to.
pub(super) const TABLES: [(&str, Check); 13] = [
    ("network", |_| Ok(())),
    ("intents", |row| intent_row::from_row(row).map(drop)),
    ("transactions", |row| transaction::from_row(row).map(drop)),
    ("signals", |row| row.get::<_, Json>("body").map(drop)),
    ("sagas", |row| saga::from_row(row).map(drop)),
    ("saga_intents", |row| saga::link_from_row(row).map(drop)),
    ("positions", check_position),
    ("orders", |row| order::from_row(row).map(drop)),
    ("samples", |row| sample::from_row(row).map(drop)),
    ("events", |row| event::from_row(row).map(drop)),
    ("adaptive_levels", |row| row.get::<_, Json>("computation").map(drop)),
    ("governor_state", |row| row.get::<_, Json>("state").map(drop)),
    ("pruned_intents", |_| Ok(())),
];

/// Columns that hold JSON.
const JSON_COLUMNS: [&str; 9] =
    ["plan", "actual", "thresholds", "realised", "predicted", "body", "figures", "computation", "state"];

/// Tables whose `state` is JSON and not a word.
const JSON_STATES: [&str; 2] = ["governor_state", "sagas"];

/// A line of an export.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ExportLine {
    /// The first: which form the lines have.
    Header {
        /// Name and version of the form.
        schema: String,
        /// Version of the journal's tables, whose columns the records have.
        tables: i64,
    },
    /// A row of a table.
    Record {
        /// Its table.
        table: String,
        /// Its columns: whole numbers as they are, amounts and other text as text, bytes as hex, JSON as JSON.
        record: Map<String, Value>,
    },
    /// A row that cannot be read.
    Damaged {
        /// Its table.
        table: String,
        /// What is wrong with it.
        damaged: DamagedRow,
        /// Its columns as text.
        text: Map<String, Value>,
    },
}

/// What an export holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exported {
    /// Records.
    pub records: u64,
    /// Rows that could not be read; they are in it as text.
    pub damaged: u64,
}

impl JournalReader {
    /// Writes every record of one moment as a line `{"table": …, "record": {…}}`, after a first line that names the
    /// version of the form and of the tables. A row that cannot be read is a line `{"table": …, "damaged": {…}}` with
    /// what is wrong and its columns as text. There are no secrets in the journal; the signed bytes of transactions
    /// are left out unless `with_raw` asks for them. Needs the memory of one row, however many there are.
    pub fn export(&self, out: &mut dyn Write, with_raw: bool) -> Result<Exported, JournalError> {
        let mut out = BufWriter::with_capacity(BUFFER, out);
        let mut exported = Exported::default();
        self.query(|db| {
            let header = ExportLine::Header { schema: SCHEMA.to_owned(), tables: i64::from(schema::VERSION) };
            write_line(&mut out, &header).map_err(JournalError::Export)?;
            for (table, check) in TABLES {
                let mut statement = db.prepare(&rows_of(table))?;
                let columns = columns(table, &statement, with_raw);
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    match check(row).map_err(|error| (DamagedRow::of(row, table, &error), error)) {
                        Ok(()) => write_record(&mut out, row, table, &columns).map_err(JournalError::Export)?,
                        Err((Some(damaged), _)) => {
                            exported.damaged = exported.damaged.saturating_add(1);
                            self.add_damaged(damaged.clone());
                            let (table, text) = (table.to_owned(), as_text(row, &columns));
                            let line = ExportLine::Damaged { table, damaged, text };
                            write_line(&mut out, &line).map_err(JournalError::Export)?;
                        }
                        Err((None, error)) => return Err(error.into()),
                    }
                    exported.records = exported.records.saturating_add(1);
                }
            }
            Ok(())
        })?;
        out.flush().map_err(JournalError::Export)?;
        Ok(exported)
    }
}

/// All rows of a table in the order in which they came.
pub(super) fn rows_of(table: &str) -> String {
    let order = if table == "pruned_intents" { "id" } else { "rowid" };
    format!("SELECT * FROM {table} ORDER BY {order}")
}

/// A column that is exported.
pub(super) struct Column {
    pub(super) index: usize,
    /// Its name as JSON text.
    key: String,
    pub(super) name: String,
    is_json: bool,
}

pub(super) fn columns(table: &str, statement: &Statement<'_>, with_raw: bool) -> Vec<Column> {
    let wanted = |name: &str| name != "only_row" && (name != "raw" || with_raw);
    let is_json = |name: &str| JSON_COLUMNS.contains(&name) && (name != "state" || JSON_STATES.contains(&table));
    let column = |(index, name): (usize, &str)| Column {
        index,
        key: Value::from(name).to_string(),
        name: name.to_owned(),
        is_json: is_json(name),
    };
    statement.column_names().enumerate().filter(|(_, name)| wanted(name)).map(column).collect()
}

fn write_line(out: &mut impl Write, line: &ExportLine) -> std::io::Result<()> {
    writeln!(out, "{}", text::json(&serde_json::to_string(line)?))
}

fn write_record(out: &mut impl Write, row: &Row<'_>, table: &str, columns: &[Column]) -> std::io::Result<()> {
    write!(out, "{{\"table\":\"{table}\",\"record\":{{")?;
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        write!(out, "{}:", column.key)?;
        match row.get_ref(column.index).map_err(std::io::Error::other)? {
            ValueRef::Null => out.write_all(b"null")?,
            ValueRef::Integer(number) => write!(out, "{number}")?,
            ValueRef::Real(number) => serde_json::to_writer(&mut *out, &number)?,
            ValueRef::Blob(bytes) => write!(out, "\"{}\"", alloy::hex::encode_prefixed(bytes))?,
            // As it is in the table: it was read as JSON just now. A line stays one line.
            ValueRef::Text(json) if column.is_json && !json.contains(&b'\n') && !json.contains(&b'\r') => {
                write!(out, "{}", text::json(&String::from_utf8_lossy(json)))?;
            }
            ValueRef::Text(json) if column.is_json => {
                write!(out, "{}", text::json(&serde_json::from_slice::<Value>(json)?.to_string()))?;
            }
            ValueRef::Text(plain) => {
                let quoted = serde_json::to_string(&String::from_utf8_lossy(plain))?;
                write!(out, "{}", text::json(&quoted))?;
            }
        }
    }
    out.write_all(b"}}\n")
}

/// The columns of a row that cannot be read, for safe keeping.
fn as_text(row: &Row<'_>, columns: &[Column]) -> Map<String, Value> {
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => Value::from(alloy::hex::encode_prefixed(bytes)),
        ValueRef::Null => Value::Null,
        other => Value::from(damaged_row::plain(other)),
    };
    columns.iter().map(|column| (column.name.clone(), row.get_ref(column.index).map_or(Value::Null, text))).collect()
}

fn check_position(row: &Row<'_>) -> rusqlite::Result<()> {
    let kind: String = row.get("kind")?;
    match kind.as_str() {
        "loop" => position::from_row(row).map(drop),
        "perp" => perp::from_row(row).map(drop),
        _ => {
            let index = row.as_ref().column_index("kind")?;
            let problem = format!("`{kind}` is not one of loop, perp");
            Err(Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, problem.into()))
        }
    }
}
