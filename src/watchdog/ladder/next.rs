//! Which rung comes next.

use super::{Attempt, Rung, RungOutcome, Situation, Tried};

/// The ladder's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Try this.
    Try {
        /// The rung.
        rung: Rung,
        /// Why this one now, for the journal.
        reason: String,
        /// Rungs before it that the situation rules out, to be recorded with their reasons.
        skipped: Vec<Attempt>,
    },
    /// The outcome of this rung is not known; resolve it first.
    Wait(Rung),
    /// This rung was done; the next head decides on.
    Done(Rung),
}

/// The first rung that was not tried and is not ruled out.
#[must_use]
pub fn next(situation: &Situation, tried: &Tried) -> Next {
    if let Some(rung) = tried.unresolved() {
        return Next::Wait(rung.clone());
    }
    if let Some(rung) = tried.done() {
        return Next::Done(rung.clone());
    }
    let mut skipped = Vec::new();
    for rung in situation.rungs() {
        if tried.has(&rung) {
            continue;
        }
        match situation.rules_out(&rung) {
            Some(reason) => skipped.push(Attempt { rung, outcome: RungOutcome::Impossible(reason) }),
            None => return Next::Try { reason: reason(&rung, &skipped, tried), rung, skipped },
        }
    }
    // A human that could not be told is told again: there is nothing behind that rung.
    Next::Try { rung: Rung::AskHuman, reason: reason(&Rung::AskHuman, &skipped, tried), skipped }
}

fn reason(rung: &Rung, skipped: &[Attempt], tried: &Tried) -> String {
    let last_skipped = skipped.iter().rev().find_map(|attempt| match &attempt.outcome {
        RungOutcome::Impossible(reason) => Some((&attempt.rung, reason.as_str())),
        RungOutcome::Done | RungOutcome::Unknown => None,
    });
    match last_skipped.or_else(|| tried.last_failure()) {
        Some((before, why)) => format!("{rung}, because {before} is impossible: {why}"),
        None => format!("{rung}, the first choice"),
    }
}
