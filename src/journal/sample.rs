//! Samples: health factor, prices and results over time.

use rusqlite::Row;
use serde::Serialize;
use serde_json::Value;

use super::{
    Journal, JournalError, JournalReader, Stamp,
    column::{Int, Json, Text},
    damage::listed,
};
use crate::units::{Millis, Wad};

/// The account's figures at one block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// Height of the block they were read at.
    pub block_number: u64,
    /// Aave's health factor; `None` without debt.
    pub health_factor: Option<Wad>,
    /// Prices, amounts, results.
    pub figures: Value,
    /// When.
    pub at: Stamp,
}

impl Journal {
    /// Adds a sample.
    pub fn append_sample(&self, sample: &Sample) -> Result<(), JournalError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO samples (block_number, health_factor, figures, block_time, ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                (
                    Int(sample.block_number),
                    sample.health_factor.map(|factor| Text(factor.0)),
                    Text(&sample.figures),
                    sample.at.block(),
                    sample.at.ms(),
                ),
            )?;
            Ok(())
        })
    }
}

impl JournalReader {
    /// The newest `limit` samples at or after `since`, oldest of them first.
    pub fn samples(&self, since: Option<Millis>, limit: u32) -> Result<Vec<Sample>, JournalError> {
        let sql =
            "SELECT * FROM (SELECT * FROM samples WHERE ?1 IS NULL OR ms >= ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id";
        let params = (since.map(|since| Int(since.0)), limit);
        self.listed(|db| listed(db, "samples", sql, params, from_row))
    }
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Sample> {
    Ok(Sample {
        block_number: row.get::<_, Int>("block_number")?.0,
        health_factor: row.get::<_, Option<Text<_>>>("health_factor")?.map(|text| Wad(text.0)),
        figures: row.get::<_, Json>("figures")?.0,
        at: Stamp::from_row(row, "")?,
    })
}
