//! What was tried on one head, and what became of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Rung;

/// What became of a rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RungOutcome {
    /// Mined, or for a human: told.
    Done,
    /// It could not be done, for this reason; the chain is as before.
    Impossible(String),
    /// It may or may not happen yet.
    Unknown,
}

/// A rung and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// Which.
    pub rung: Rung,
    /// What became of it.
    pub outcome: RungOutcome,
}

/// The attempts of one head, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tried(Vec<Attempt>);

impl Tried {
    /// Nothing yet.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(Vec::new())
    }

    /// Notes an outcome; that of a rung whose outcome was unknown replaces it.
    pub fn record(&mut self, rung: Rung, outcome: RungOutcome) {
        match self.0.iter_mut().find(|attempt| attempt.rung == rung) {
            Some(attempt) => attempt.outcome = outcome,
            None => self.0.push(Attempt { rung, outcome }),
        }
    }

    /// All of them.
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.0
    }

    pub(super) fn has(&self, rung: &Rung) -> bool {
        self.0.iter().any(|attempt| attempt.rung == *rung)
    }

    pub(super) fn unresolved(&self) -> Option<&Rung> {
        self.0.iter().find(|attempt| attempt.outcome == RungOutcome::Unknown).map(|attempt| &attempt.rung)
    }

    pub(super) fn done(&self) -> Option<&Rung> {
        self.0.iter().find(|attempt| attempt.outcome == RungOutcome::Done).map(|attempt| &attempt.rung)
    }

    pub(super) fn last_failure(&self) -> Option<(&Rung, &str)> {
        self.0.iter().rev().find_map(|attempt| match &attempt.outcome {
            RungOutcome::Impossible(reason) => Some((&attempt.rung, reason.as_str())),
            RungOutcome::Done | RungOutcome::Unknown => None,
        })
    }
}
