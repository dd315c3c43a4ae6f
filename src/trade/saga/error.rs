//! Why a saga cannot go on now.

use crate::{
    actions::reverts::simulation_words,
    chain::ReadError,
    journal::JournalError,
    loops::PlanError,
    perps::{self, PerpError},
    plan::Refusal,
    send::{ExecuteError, SendError, SettleError},
    strategy::SignalError,
    trade::TradeError,
};

/// Why a saga cannot go on now. What was begun is in the journal, and the next command that writes goes on with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SagaError {
    /// The trade could not be assessed.
    #[error(transparent)]
    Trade(Box<TradeError>),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A leg could not be carried out.
    #[error(transparent)]
    Execute(Box<ExecuteError>),
    /// The perp's order could not be recorded or followed.
    #[error(transparent)]
    Perp(Box<perps::ExecuteError>),
    /// What was signed could not be followed.
    #[error(transparent)]
    Send(Box<SendError>),
    /// An outcome could not be recorded.
    #[error(transparent)]
    Settle(Box<SettleError>),
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
    /// The program's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Trade(error) => error.exit_code(),
            Self::Journal(error) => error.exit_code(),
            Self::Send(error) => error.exit_code(),
            Self::Execute(error) => match &**error {
                ExecuteError::Send(error) => error.exit_code(),
                ExecuteError::Simulation(_) => 5,
                ExecuteError::Read(error) => error.exit_code(),
                _ => 7,
            },
            Self::Perp(error) => match &**error {
                perps::ExecuteError::Venue(error) => error.exit_code(),
                perps::ExecuteError::Journal(error) => error.exit_code(),
                perps::ExecuteError::Read(error) => error.exit_code(),
                _ => 7,
            },
            Self::Settle(_) | Self::NoTransaction(_) | Self::Unanswered { .. } => 7,
            Self::Refused { .. } | Self::BackRefused { .. } => 4,
            Self::Unknown(_) | Self::File(_) => 2,
            Self::State { .. } => 9,
            Self::Unfit(_) => 1,
        }
    }
}

macro_rules! boxed {
    ($($variant:ident: $error:ty),+ $(,)?) => {
        $(impl From<$error> for SagaError {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        })+
    };
}

boxed!(
    Trade: TradeError,
    Execute: ExecuteError,
    Perp: perps::ExecuteError,
    Send: SendError,
    Settle: SettleError,
);

macro_rules! through_trade {
    ($($error:ty),+) => {
        $(impl From<$error> for SagaError {
            fn from(error: $error) -> Self {
                TradeError::from(error).into()
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
            SagaError::Trade(error) => match *error {
                TradeError::Loop(PlanError::AlreadyThere(_)) => Self::There,
                TradeError::Loop(error) => Self::Refused(error.to_string()),
                TradeError::Perp(error) if error.exit_code() == 4 => Self::Refused(error.to_string()),
                other => Self::Error(other.into()),
            },
            SagaError::Execute(error) => match *error {
                ExecuteError::Simulation(error) => Self::Refused(simulation_words(&error)),
                other => Self::Error(other.into()),
            },
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
