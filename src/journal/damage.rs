//! Rows that cannot be read: named, left out, and remembered for whoever shows results. One row never stops the others.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Error, Params, Row, types::ValueRef};
use serde::{Deserialize, Serialize};

use super::{IntentState, JournalError, JournalReader, OrderState, TransactionState, error::Fault};

/// So many are remembered; a journal with more is damaged as a whole.
const REMEMBERED: usize = 1_000;

/// Text of a cell that is quoted in a message.
const QUOTED: usize = 80;

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DamagedRow {
    /// Its table.
    pub table: String,
    /// Its name there.
    pub id: String,
    /// The column that cannot be read.
    pub column: String,
    /// What is wrong with it.
    pub problem: String,
    /// Whether it may be something that still takes effect: a signed transaction, an order without an answer, an open
    /// position.
    pub may_be_open: bool,
}

impl DamagedRow {
    /// The row that an error of reading it is about; `None` when the error is about something else than its content.
    pub(super) fn of(row: &Row<'_>, table: &str, error: &Error) -> Option<Self> {
        let (index, problem) = match error {
            Error::FromSqlConversionFailure(index, _, cause) => (*index, cause.to_string()),
            Error::InvalidColumnType(index, _, found) => {
                (*index, format!("a value of type {found} does not belong there"))
            }
            Error::IntegralValueOutOfRange(index, value) => (*index, format!("{value} is an impossible number")),
            Error::Utf8Error(index, cause) => (*index, cause.to_string()),
            _ => return None,
        };
        let column = row.as_ref().column_name(index).unwrap_or("?").to_owned();
        let id = row.get_ref("id").or_else(|_| row.get_ref(0)).map_or_else(|_| "?".to_owned(), plain);
        let problem = match row.get_ref(index) {
            Ok(value) if !matches!(value, ValueRef::Integer(_)) => format!("{problem} (it holds `{}`)", plain(value)),
            _ => problem,
        };
        Some(Self { may_be_open: may_be_open(row, table), table: table.to_owned(), id, column, problem })
    }
}

impl fmt::Display for DamagedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, id, column, problem, may_be_open } = self;
        write!(f, "journal: {table} {id} cannot be read and is left out: {column}: {problem}")?;
        match (may_be_open, table.as_str()) {
            (true, "intents" | "transactions") => write!(
                f,
                "; it may be in flight, so nothing new is signed: `trimtab journal reconcile --set-aside {id}` once the \
                 chain has used its nonce, or `trimtab journal restore FILE` from a backup"
            ),
            (true, "orders") => {
                f.write_str("; the venue may still answer it: look at `trimtab perp list`, or restore a backup")
            }
            (true, "positions") => f.write_str(
                "; it is not closed: look at `trimtab status`, then `trimtab loop adopt` or `trimtab journal restore FILE`",
            ),
            _ => Ok(()),
        }
    }
}

/// Whether a row that cannot be read may still take effect. What cannot be told may.
fn may_be_open(row: &Row<'_>, table: &str) -> bool {
    let state = row.get::<_, String>("state").ok();
    match table {
        "intents" => parsed::<IntentState>(state).is_none_or(IntentState::is_unresolved),
        "transactions" => parsed::<TransactionState>(state).is_none_or(TransactionState::is_pending),
        "orders" => parsed::<OrderState>(state).is_none_or(|state| !state.is_final()),
        "positions" => matches!(row.get_ref("closed_ms"), Ok(ValueRef::Null)),
        "sagas" => matches!(row.get_ref("outcome"), Ok(ValueRef::Null)),
        _ => false,
    }
}

fn parsed<T: std::str::FromStr>(word: Option<String>) -> Option<T> {
    word.and_then(|word| word.parse().ok())
}

/// A cell as text for a message, its beginning where it is long.
pub(super) fn plain(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "nothing".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) | ValueRef::Blob(text) => {
            let text = String::from_utf8_lossy(text);
            let mut shown: String = text.chars().take(QUOTED).map(|c| if c.is_control() { '?' } else { c }).collect();
            if text.chars().nth(QUOTED).is_some() {
                shown.push('…');
            }
            shown
        }
    }
}

/// The damaged rows that were met, each once; shared by all who read for one command.
#[derive(Debug, Default)]
pub struct Damages(Mutex<BTreeSet<DamagedRow>>);

impl Damages {
    /// What was met so far.
    #[must_use]
    pub fn all(&self) -> Vec<DamagedRow> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Remembers a row whose content whoever read it could make nothing of.
    pub fn add(&self, row: DamagedRow) {
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if met.len() < REMEMBERED && !met.contains(&row) {
            tracing::debug!(
                table = row.table,
                id = row.id,
                column = row.column,
                "a damaged row of the journal is left out"
            );
            met.insert(row);
        }
    }
}

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
