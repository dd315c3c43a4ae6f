//! When something was recorded. Both times are passed in; the journal reads no clock.

use rusqlite::{Error, Row};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Int;
use crate::units::{Millis, Secs};

/// The last second of the year 9999: later times are damage, and cannot be printed.
const LAST_SECOND: u64 = 253_402_300_799;

/// The two times of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct Stamp {
    /// Timestamp of the newest block known then.
    pub block_time: Secs,
    /// The wall clock then.
    pub wall: Millis,
}

impl Stamp {
    pub(super) const fn block(self) -> Int {
        Int(self.block_time.0)
    }

    pub(super) const fn ms(self) -> Int {
        Int(self.wall.0)
    }

    /// Reads `<prefix>block_time` and `<prefix>ms`.
    pub(super) fn from_row(row: &Row<'_>, prefix: &str) -> rusqlite::Result<Self> {
        let block_time = within(row, &format!("{prefix}block_time"), LAST_SECOND)?;
        let ms = within(row, &format!("{prefix}ms"), LAST_SECOND.saturating_mul(1_000))?;
        Ok(Self { block_time: Secs(block_time), wall: Millis(ms) })
    }
}

fn within(row: &Row<'_>, column: &str, most: u64) -> rusqlite::Result<u64> {
    let index = row.as_ref().column_index(column)?;
    let Int(value) = row.get(index)?;
    if value <= most {
        Ok(value)
    } else {
        Err(Error::IntegralValueOutOfRange(index, value.try_into().unwrap_or(i64::MAX)))
    }
}
