//! Why an order is not carried out.

use super::ORDER_SCHEMA;
use crate::{
    aave::{QueryError, StateError},
    chain::ReadError,
    journal::{IdError, IntentId, JournalError},
    loops::{PairError, PlanError, RecordError},
    perps::PerpError,
    plan::Refusal,
    units::Secs,
};

/// Why an order is not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The text is no order.
    #[error("not a plan: {0}")]
    Text(#[from] serde_json::Error),
    /// Its name is none.
    #[error("not a plan: {0}")]
    Id(#[from] IdError),
    /// Of another version.
    #[error("it has schema {0}, this program writes and reads {ORDER_SCHEMA}")]
    Schema(u32),
    /// A plan of an earlier version that does not say what was asked.
    #[error(
        "it is a plan of an earlier version, and `{0}` plans did not keep what was asked: plan again with the command itself"
    )]
    NotKept(String),
    /// For somewhere or somebody else, or too old.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Of the future.
    #[error("the plan says that it was made at {planned_at}, chain time is {now}: plan again", planned_at = .planned_at.0, now = .now.0)]
    Ahead {
        /// What it says.
        planned_at: Secs,
        /// Chain time.
        now: Secs,
    },
    /// It was carried out or tried before.
    #[error("this plan was sent or tried before: the journal has {id} as {state}; plan again to do it once more")]
    Known {
        /// Its name.
        id: IntentId,
        /// How far it came.
        state: &'static str,
    },
    /// Something that no order may ask.
    #[error("the plan asks for {what}, which is not taken from a plan; {instead}")]
    Asks {
        /// What.
        what: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// The plan made now is not what was predicted.
    #[error(
        "{figure} would be {now} instead of {predicted}, further apart than the {allowed} of bounds.plan_drift_bps; plan again"
    )]
    Drift {
        /// The figure.
        figure: String,
        /// The order's.
        predicted: String,
        /// As planned now.
        now: String,
        /// The bound.
        allowed: String,
    },
    /// No venue here.
    #[error("no perp venue is known here")]
    NoVenue,
    /// Thresholds that make no sense together.
    #[error(transparent)]
    Thresholds(#[from] RecordError),
    /// A token that is no reserve of Aave's.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The loop cannot be planned.
    #[error(transparent)]
    Loop(#[from] PlanError),
    /// The perp cannot be planned.
    #[error(transparent)]
    Perp(#[from] PerpError),
    /// A read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A read of Aave.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Aave's state.
    #[error(transparent)]
    State(#[from] StateError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl OrderError {
    /// The process's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Text(_) | Self::Id(_) | Self::Schema(_) | Self::Pair(_) => 2,
            Self::Query(QueryError::Read(error)) => error.exit_code(),
            Self::Refused(Refusal::Elsewhere { .. }) | Self::NoVenue | Self::Query(_) => 3,
            Self::NotKept(_)
            | Self::Refused(_)
            | Self::Ahead { .. }
            | Self::Known { .. }
            | Self::Asks { .. }
            | Self::Drift { .. }
            | Self::Loop(_)
            | Self::State(_) => 4,
            Self::Thresholds(error) => error.exit_code(),
            Self::Perp(error) => error.exit_code(),
            Self::Read(error) => error.exit_code(),
            Self::Journal(error) => error.exit_code(),
        }
    }
}
