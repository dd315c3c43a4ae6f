//! A row that cannot be read, and what that means.

use std::fmt;

use rusqlite::{Error, Row, types::ValueRef};
use serde::{Deserialize, Serialize};

use super::{IntentState, OrderState, TransactionState};

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
