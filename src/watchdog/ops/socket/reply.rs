//! What is answered: the types that the daemon writes and a command reads, one for each request.

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    actions::{Done, Reconciled},
    config::Thresholds,
    loops::Adopted,
    perps::{OrderHandle, OrderState},
    plan::Deviation,
    send::Settlement,
    strategy::GovernorState,
    trade::FlattenReport,
};

/// What the daemon answers; on the wire it is what the variant holds. Which one belongs to a request, [`super::Ask`] says.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Reply {
    /// To a ping.
    Pong(Pong),
    /// How the daemon is.
    Status(DaemonStatus),
    /// What came of a plan.
    Delivered(Box<Delivered>),
    /// A loop that was taken over.
    Adopted(Adopted),
    /// Thresholds that were changed.
    Thresholds(ThresholdsAnswer),
    /// The kill switch was used.
    Governed(Governed),
    /// Everything was closed.
    Flattened(FlattenReport),
    /// A signal was taken.
    SignalTaken(SignalTaken),
    /// Open signals went on.
    SignalsResumed(SignalsResumed),
    /// What was brought up to date.
    Reconciled(Box<ReconcileAnswer>),
    /// A drill was written down.
    Recorded(Recorded),
    /// The settings were read again.
    Reloaded(Reloaded),
    /// The daemon ends.
    Stopping(Stopping),
}

/// The answer to a ping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The daemon's process id.
    pub pid: u32,
    /// Its version.
    pub version: String,
}

/// How the daemon is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// The newest evaluated block; `None` before the first.
    pub head: Option<u64>,
    /// It decides and tells, and sends nothing.
    pub shadow: bool,
    /// Whom it watches.
    pub accounts: Vec<WatchedStatus>,
}

/// How one watched account is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchedStatus {
    /// Whose.
    pub account: Address,
    /// Whether the daemon has its key.
    pub can_act: bool,
    /// Whether opening and raising risk is refused.
    #[serde(default)]
    pub paused: bool,
    /// What the newest head led to, for programs; null before the first.
    pub turn: Value,
}

/// What came of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivered {
    /// The exit code of it.
    pub exit: u8,
    /// Prediction beside outcome; `None` when not every step went through.
    pub settlement: Option<Settlement>,
    /// How it ended, in words.
    pub ending: String,
    /// Orders at the perp venue, and how each ended or stood at the deadline.
    pub orders: Vec<(OrderHandle, OrderState)>,
    /// Prediction beside fill.
    pub fills: Vec<Deviation>,
}

impl Delivered {
    /// What came of an action; `words` for how its transactions ended.
    #[must_use]
    pub fn of(done: Done, words: fn(&crate::send::Outcome) -> String) -> Self {
        let (exit, ending) = (done.exit_code(), words(&done.outcome));
        let Done { settlement, orders, fills, .. } = done;
        Self { exit, settlement, ending, orders, fills }
    }
}

/// The answer to `thresholds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdsAnswer {
    /// All thresholds of the loop from now on.
    pub thresholds: Thresholds,
}

/// The answer to `pause` and `resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Governed {
    /// The state from now on.
    pub governor: GovernorState,
    /// Whether it was paused before.
    pub was_paused: bool,
}

/// The answer to `signal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalTaken {
    /// The signal's id.
    pub taken: String,
    /// The assessment on which it was taken, for people.
    pub words: String,
}

/// The answer to `signal-resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalsResumed {
    /// They went on as far as they go now.
    pub resumed: bool,
}

/// The answer to `reconcile`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReconcileAnswer {
    /// How sending again or taking back ended, in words; `None` when neither was asked for.
    pub ending: Option<String>,
    /// What was found and settled.
    pub reconciled: Reconciled,
    /// What kept something from being brought up to date, in words with its exit code; the rest is done.
    #[serde(default)]
    pub failed: Option<super::Refused>,
}

/// The answer to `drilled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The journal has it.
    pub recorded: bool,
}

/// The answer to `reload`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// They are in force.
    pub reloaded: bool,
}

/// The answer to `stop`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopping {
    /// What is under way is finished first.
    pub stopping: bool,
}
