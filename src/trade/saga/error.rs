//! Why a saga cannot go on now.

use crate::{
    chain::ReadError,
    journal::JournalError,
    loops::PlanError,
    perps::{self, PerpError},
    plan::Refusal,
    send::{ExecuteError, SendError, SettleError},
    strategy::SignalError,
    trade::{TradeError, reverts::simulation_words},
};

/// Why a saga cannot go on now. What was begun is in the journal, and the next command that writes goes on with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SagaError {
    /// The trade could not be assessed.
    #[error(transparent)]
    Trade(#[from] TradeError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A leg could not be carried out.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// The perp's order could not be recorded or followed.
    #[error(transparent)]
    Perp(#[from] perps::ExecuteError),
    /// What was signed could not be followed.
    #[error(transparent)]
    Send(#[from] SendError),
    /// An outcome could not be recorded.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// The rules refuse the trade; every one that does.
    #[error("signal {id} is not traded: {}", refusals.join("; "))]
    Refused {
        /// The signal.
        id: String,
        /// Each with both figures.
        refusals: Vec<String>,
    },
    /// An order that the venue has not answered.
    #[error(
        "order {order} has no answer yet: nothing further is ordered before it has one; `trimtab perp list` looks for it"
    )]
    Unanswered {
        /// The venue's number.
        order: String,
    },
    /// The loop cannot be brought back now.
    #[error("the loop of signal {id} cannot be brought back now: {reason}; `trimtab signal resume` tries again")]
    BackRefused {
        /// The signal.
        id: String,
        /// With both figures.
        reason: String,
    },
    /// The journal has a saga of another form.
    #[error(
        "the saga of signal {id} cannot be read: {reason}; it is left as it is (`trimtab journal export` shows it)"
    )]
    State {
        /// The signal.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// No such saga.
    #[error("no signal {0} was taken on this account")]
    Unknown(String),
    /// A transaction in the journal that nobody knows.
    #[error(
        "the transaction of intent {0} is included, but the journal does not say where; run `trimtab journal reconcile`"
    )]
    NoTransaction(crate::journal::IntentId),
    /// The file of signals, or a line of it.
    #[error("{0}")]
    File(String),
    /// A figure that does not fit.
    #[error("{0} does not fit the arithmetic")]
    Unfit(&'static str),
}

impl SagaError {
    /// The program's exit code (DESIGN.md §3).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Trade(error) => error.exit_code(),
            Self::Journal(error) => error.exit_code(),
            Self::Send(error) => error.exit_code(),
            Self::Perp(perps::ExecuteError::Venue(error)) => error.exit_code(),
            Self::Perp(perps::ExecuteError::Journal(error)) => error.exit_code(),
            Self::Perp(perps::ExecuteError::Read(error)) => error.exit_code(),
            Self::Execute(ExecuteError::Send(error)) => error.exit_code(),
            Self::Execute(ExecuteError::Simulation(_)) => 5,
            Self::Execute(ExecuteError::Read(error)) => error.exit_code(),
            Self::Perp(_) | Self::Execute(_) | Self::Settle(_) | Self::NoTransaction(_) | Self::Unanswered { .. } => 7,
            Self::Refused { .. } | Self::BackRefused { .. } => 4,
            Self::Unknown(_) | Self::File(_) => 2,
            Self::State { .. } => 9,
            Self::Unfit(_) => 1,
        }
    }
}

macro_rules! through_trade {
    ($($error:ty),+) => {
        $(impl From<$error> for SagaError {
            fn from(error: $error) -> Self {
                Self::Trade(error.into())
            }
        })+
    };
}

through_trade!(ReadError, PerpError, PlanError, SignalError);

/// How carrying a leg out ended before anything was signed.
#[derive(Debug)]
pub(super) enum Stopped {
    /// For certain, and it would be the same at once again.
    Refused(String),
    /// There is nothing to do: the loop is there.
    There,
    /// Something else is in the way.
    Error(SagaError),
}

impl<E: Into<SagaError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        match error.into() {
            SagaError::Trade(TradeError::Loop(PlanError::AlreadyThere(_))) => Self::There,
            SagaError::Trade(TradeError::Loop(error)) => Self::Refused(error.to_string()),
            SagaError::Trade(TradeError::Perp(error)) if error.exit_code() == 4 => Self::Refused(error.to_string()),
            SagaError::Execute(ExecuteError::Simulation(error)) => Self::Refused(simulation_words(&error)),
            SagaError::Refused { refusals, .. } => Self::Refused(refusals.join("; ")),
            other => Self::Error(other),
        }
    }
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal.to_string())
    }
}
