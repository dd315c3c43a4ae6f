//! When something was recorded. Both times are passed in; the journal reads no clock.

use rusqlite::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Int;
use crate::units::{Millis, Secs};

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
        let Int(block_time) = row.get(format!("{prefix}block_time").as_str())?;
        let Int(ms) = row.get(format!("{prefix}ms").as_str())?;
        Ok(Self { block_time: Secs(block_time), wall: Millis(ms) })
    }
}
