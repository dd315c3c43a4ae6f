//! What was relayed for accounts, by request.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::Value;

/// What was relayed, by request.
#[derive(Debug, Default)]
pub(super) struct Relays {
    count: AtomicU64,
    outcomes: Mutex<BTreeMap<String, Value>>,
}

impl Relays {
    /// The name of the next request.
    pub(super) fn next_id(&self) -> String {
        format!("relay-{}", self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// Keeps how a request ended.
    pub(super) fn record(&self, id: &str, outcome: Value) {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), outcome);
    }

    /// How a request ended.
    pub(super) fn find(&self, id: &str) -> Option<Value> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }
}
