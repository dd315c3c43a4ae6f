//! What happens while signals are followed, one line each with `--json`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    cli::shared::document::document,
    trade::{
        Assessment,
        saga::{Notice, SagaReport},
    },
};

/// Something happened to a signal.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub(in crate::cli) enum SignalEvent<'a> {
    /// It was taken.
    Taken { signal: &'a str },
    /// A line was not taken.
    Skipped {
        /// The line, from 1; null where it is the signal itself.
        line: Option<u64>,
        reason: String,
    },
    /// It came so far, and waits.
    Waits { signal: &'a str, phase: &'static str, reason: &'static str },
    /// The venue should have answered an order.
    Overdue { signal: &'a str, reason: &'a str },
    /// It cannot go on now.
    Stuck { signal: &'a str, reason: String },
    /// It is over.
    Over { report: &'a SagaReport },
}

/// What a signal's trade would be.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Assessed<'a> {
    assessment: &'a Assessment,
    /// Whether nothing refuses it.
    feasible: bool,
    sent: bool,
}

/// Signals that were taken, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct SignalList<'a> {
    pub(in crate::cli) signals: &'a [SagaReport],
}

/// Signals that ended while it was waited.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Over<'a> {
    pub(in crate::cli) over: &'a [SagaReport],
}

/// The wait was broken off.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct SignalsStopped<'a> {
    pub(in crate::cli) stopped: bool,
    /// Signals that are still open.
    pub(in crate::cli) open: &'a [&'a str],
}

document!(
    "signal-plan": Assessed<'_>, "signal": SagaReport, "signal-list": SignalList<'_>, "signal-resume": Over<'_>,
    "signal-stopped": SignalsStopped<'_>, "signal-event": SignalEvent<'_>
);

impl<'a> Assessed<'a> {
    pub(in crate::cli) fn new(assessment: &'a Assessment) -> Self {
        Self { assessment, feasible: assessment.is_feasible(), sent: false }
    }
}

impl<'a> From<&'a Notice> for SignalEvent<'a> {
    fn from(notice: &'a Notice) -> Self {
        match notice {
            Notice::Taken { id } => Self::Taken { signal: id },
            Notice::Skipped { line, reason } => Self::Skipped { line: Some(*line), reason: reason.clone() },
            Notice::Over(report) => Self::Over { report },
            Notice::Waits { id, phase, wait } => {
                Self::Waits { signal: id, phase: phase.as_str(), reason: wait.words() }
            }
            Notice::Overdue { id, reason } => Self::Overdue { signal: id, reason },
            Notice::Stuck { id, error } => Self::Stuck { signal: id, reason: error.to_string() },
        }
    }
}
