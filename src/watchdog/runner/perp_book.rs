//! What is known of the perps of an account.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::perp_reader::PerpReading;
use crate::{
    journal::IntentId,
    perps::PositionKey,
    watchdog::rules::{Action, PerpFacts},
};

/// What a seat knows of its perps.
#[derive(Debug, Default)]
pub(super) struct PerpBook {
    /// The last that was read of each open perp.
    known: BTreeMap<String, PerpFacts>,
    pub(super) keys: BTreeMap<String, PositionKey>,
    /// Margin added by this watch, by the position's name.
    pub(super) topped_up: BTreeMap<String, Decimal>,
    /// An action that was begun and whose end was not seen, because a trim went before it.
    pub(super) unfinished: Option<(IntentId, Action)>,
    /// Block of the last action on a perp: what older readings show is no longer so.
    pub(super) acted_in: u64,
}

impl PerpBook {
    /// The last that was read of each open perp, however long ago.
    pub(super) fn facts(&self) -> Vec<PerpFacts> {
        self.known.values().cloned().collect()
    }

    pub(super) fn take(&mut self, reading: &PerpReading) {
        self.known.retain(|id, _| reading.open.contains(id));
        for facts in &reading.facts {
            let topped_up = self.topped_up.get(&facts.id).copied().unwrap_or_default();
            self.known.insert(facts.id.clone(), PerpFacts { topped_up, ..facts.clone() });
        }
        self.keys.clone_from(&reading.keys);
    }
}
