//! The rules about what we read from: heads, oracles, the key's nonce.

use std::time::Duration;

use serde_json::json;

use super::{Action, Rule, evaluate::Round};
use crate::journal::Severity;

impl Round<'_> {
    /// A stale head is not acted upon: another endpoint is asked instead.
    pub(super) fn head_is_stale(&mut self) -> bool {
        let age = self.facts.head_age;
        let most = self.config.stale_after;
        let is_stale = age >= most;
        if self.memory.crosses(Rule::StaleHead, "", is_stale, !is_stale) {
            let number = self.facts.block.number;
            let reason = format!(
                "no new head for {age:?} since block {number}, {most:?} are allowed: not acted upon, asking other endpoints",
            );
            let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            let inputs = json!({ "block": number, "age_ms": ms(age), "stale_after_ms": ms(most) });
            self.fire(Rule::StaleHead, Severity::Alert, "", reason, inputs);
        }
        if is_stale {
            self.actions.push(Action::SwitchRpc);
        }
        is_stale
    }

    /// A nonce ahead of ours was used elsewhere; one behind is an endpoint that lags.
    pub(super) fn nonce(&mut self) {
        let Some(nonce) = self.facts.nonce.filter(|nonce| nonce.on_chain > nonce.expected) else { return };
        if self.memory.nonce_is_news(nonce.on_chain) {
            let reason = format!(
                "the chain is at nonce {}, the journal at {}: somebody else sent with this key; taking over its nonce and going on",
                nonce.on_chain, nonce.expected,
            );
            self.fire(Rule::NonceMoved, Severity::Alert, "", reason, json!(nonce));
        }
        self.actions.push(Action::ResyncNonce { nonce: nonce.on_chain });
    }

    /// Aave liquidates on an old answer as on a fresh one, so an old answer is told and still acted upon.
    pub(super) fn oracles(&mut self) {
        let facts = self.facts;
        let mut told = std::collections::BTreeSet::new();
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
