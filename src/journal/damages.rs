//! The damaged rows that were met.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use super::damaged_row::DamagedRow;

/// So many are remembered; a journal with more is damaged as a whole.
const REMEMBERED: usize = 1_000;

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
