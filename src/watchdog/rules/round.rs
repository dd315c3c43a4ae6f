//! One evaluation under way: what rules look at, and where they put what they find.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{AccountFacts, Action, Firing, Memory, Rule};
use crate::{config::WatchConfig, journal::Severity};

/// What one head led to.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Rules that fired, for the journal and the alerts.
    pub firings: Vec<Firing>,
    /// What to do, the most pressing first. Only one at a time per account; the rest comes again at the next head.
    pub actions: Vec<Action>,
    /// For the next head.
    pub memory: Memory,
}

/// What rules about the account as a whole are remembered under; its name changes with what it has.
pub(super) const ACCOUNT: &str = "account";

/// One evaluation under way.
#[derive(Debug)]
pub(super) struct Round<'a> {
    pub(super) facts: &'a AccountFacts,
    pub(super) config: &'a WatchConfig,
    pub(super) memory: Memory,
    pub(super) firings: Vec<Firing>,
    pub(super) actions: Vec<Action>,
}

impl<'a> Round<'a> {
    pub(super) fn of(facts: &'a AccountFacts, config: &'a WatchConfig, memory: &Memory) -> Self {
        Self { facts, config, memory: memory.clone(), firings: Vec::new(), actions: Vec::new() }
    }

    pub(super) fn finish(self) -> Evaluation {
        Evaluation { firings: self.firings, actions: self.actions, memory: self.memory }
    }

    pub(super) fn fire(
        &mut self,
        rule: Rule,
        severity: Severity,
        subject: impl Into<String>,
        reason: String,
        inputs: Value,
    ) {
        self.firings.push(Firing { rule, severity, subject: subject.into(), reason, inputs });
    }

    /// A figure that does not fit: told once, so that silence never means "all well".
    pub(super) fn unfit(&mut self, subject: &str, what: &str) {
        if self.memory.crosses(Rule::Unfit, subject, true, false) {
            let reason = format!("{what} of {subject} cannot be computed from these figures; look at the position");
            self.fire(Rule::Unfit, Severity::Alert, subject, reason, serde_json::json!({ "what": what }));
        }
    }

    /// Drops from the memory what the account no longer has.
    pub(super) fn forget(&mut self) {
        let facts = self.facts;
        let loops = facts.loops.iter().map(|held| held.pair.name.clone());
        let sources = facts.oracles.iter().map(|oracle| oracle.symbol.clone());
        let perps: BTreeSet<&str> = facts.perps.iter().map(|perp| perp.id.as_str()).collect();
        let perp_subjects = facts
            .perps
            .iter()
            .flat_map(|perp| [perp.id.clone(), format!("{} {CLOSE_ONLY}", perp.id), format!("{} {PAUSED}", perp.id)]);
        let subjects = loops.chain(sources).chain(perp_subjects).chain([String::new()]);
        // Without debt whatever was crossed is over.
        let account = (!facts.debt_value.0.is_zero()).then(|| ACCOUNT.to_owned());
        let subjects = subjects.chain(account).collect();
        self.memory.keep(&subjects, &perps);
    }
}

/// Behind a perp's name: the crossing into this status.
pub(super) const CLOSE_ONLY: &str = "close-only";

/// Behind a perp's name: the crossing into this status.
pub(super) const PAUSED: &str = "paused";
