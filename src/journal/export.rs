//! Everything as JSON lines, one record a line, for other programs and for safe keeping.

use std::io::Write;

use rusqlite::{Row, types::ValueRef};
use serde_json::{Map, Value, json};

use super::{JournalError, JournalReader, schema};
use crate::text;

/// Version of the lines' form.
const SCHEMA: u32 = 1;

/// Tables in an order in which every record comes after those it refers to.
const TABLES: [&str; 12] = [
    "network",
    "intents",
    "transactions",
    "signals",
    "sagas",
    "saga_intents",
    "positions",
    "orders",
    "samples",
    "events",
    "adaptive_levels",
    "governor_state",
];

/// Columns that hold JSON.
const JSON_COLUMNS: [&str; 9] =
    ["plan", "actual", "thresholds", "realised", "predicted", "body", "figures", "computation", "state"];

/// Tables whose `state` is JSON and not a word.
const JSON_STATES: [&str; 2] = ["governor_state", "sagas"];

impl JournalReader {
    /// Writes every record of one moment as a line `{"table": …, "record": {…}}`, after a first line that names the
    /// version of the form and of the tables. There are no secrets in the journal; the signed bytes of transactions
    /// are left out unless `with_raw` asks for them.
    pub fn export(&self, out: &mut dyn Write, with_raw: bool) -> Result<(), JournalError> {
        let mut write_line =
            |line: &Value| writeln!(out, "{}", text::json(&line.to_string())).map_err(JournalError::Export);
        self.query(|db| {
            write_line(&json!({ "schema": SCHEMA, "tables": schema::VERSION }))?;
            for table in TABLES {
                let mut statement = db.prepare(&format!("SELECT * FROM {table} ORDER BY rowid"))?;
                let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    let record = record(row, table, &names, with_raw)?;
                    write_line(&json!({ "table": table, "record": record }))?;
                }
            }
            Ok(())
        })?;
        out.flush().map_err(JournalError::Export)
    }
}

fn record(row: &Row<'_>, table: &str, names: &[String], with_raw: bool) -> rusqlite::Result<Map<String, Value>> {
    let mut record = Map::new();
    for (index, name) in names.iter().enumerate() {
        if name == "only_row" || (name == "raw" && !with_raw) {
            continue;
        }
        let is_json = JSON_COLUMNS.contains(&name.as_str()) && (name != "state" || JSON_STATES.contains(&table));
        record.insert(name.clone(), value(row, index, is_json)?);
    }
    Ok(record)
}

fn value(row: &Row<'_>, index: usize, is_json: bool) -> rusqlite::Result<Value> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Blob(bytes) => Value::from(alloy::hex::encode_prefixed(bytes)),
        ValueRef::Text(_) if is_json => row.get::<_, super::column::Json>(index)?.0,
        ValueRef::Text(_) => Value::from(row.get::<_, String>(index)?),
    })
}
