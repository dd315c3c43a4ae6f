//! The rule about the age of Aave's prices.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Rule, round::Round};
use crate::journal::Severity;

impl Round<'_> {
    /// Aave liquidates on an old answer as on a fresh one, so an old answer is told and still acted upon.
    pub(super) fn oracle_age(&mut self) {
        let facts = self.facts;
        let mut told = BTreeSet::new();
        for oracle in &facts.oracles {
            let Some(age) = oracle.age.filter(|_| told.insert(&oracle.symbol)) else { continue };
            let is_old = age > oracle.heartbeat;
            if self.memory.crosses(Rule::OldOracle, &oracle.symbol, is_old, !is_old) {
                let reason = format!(
                    "Aave's price of {} is {} s old, its feed answers every {} s; Aave still liquidates on it, so do the rules",
                    oracle.symbol, age.0, oracle.heartbeat.0,
                );
                self.fire(Rule::OldOracle, Severity::Alert, oracle.symbol.clone(), reason, json!(oracle));
            }
        }
    }

    /// Whether any answer that the account's health depends on is old.
    pub(super) fn has_old_oracle(&self) -> bool {
        self.facts.oracles.iter().any(|oracle| oracle.age.is_some_and(|age| age > oracle.heartbeat))
    }
}
