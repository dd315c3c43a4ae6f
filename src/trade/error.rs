//! Why a trade cannot even be assessed, or its outcome is not known.

use rust_decimal::Decimal;

use crate::{
    aave::{QueryError, StateError},
    chain::{FeeError, ReadError},
    journal::JournalError,
    loops::{PairError, PlanError},
    perps::PerpError,
    strategy::{SignalError, SizingError},
    units::MathError,
};

/// What keeps a trade from being assessed or carried out. That rules or the market do not allow it is not an error: the
/// assessment says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TradeError {
    /// The signal.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// The sizing table.
    #[error(transparent)]
    Sizing(#[from] SizingError),
    /// The loop.
    #[error(transparent)]
    Loop(#[from] PlanError),
    /// The loop's pair.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The venue.
    #[error(transparent)]
    Perp(#[from] PerpError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A read of Aave.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Aave's state.
    #[error(transparent)]
    State(#[from] StateError),
    /// Fees.
    #[error(transparent)]
    Fees(#[from] FeeError),
    /// Arithmetic.
    #[error(transparent)]
    Math(#[from] MathError),
    /// The governor's state in the journal is of another program.
    #[error("the governor's state in the journal cannot be read: {0}; `trimtab journal export` shows it")]
    GovernorState(String),
    /// A setting that came with a signal and makes no sense.
    #[error("{key}: {reason}")]
    Setting {
        /// Its name.
        key: &'static str,
        /// Why.
        reason: String,
    },
    /// A decimal that the venue cannot store.
    #[error("{what} {value} has more digits than the venue stores")]
    Digits {
        /// Which figure.
        what: &'static str,
        /// Its value.
        value: Decimal,
    },
}

impl TradeError {
    /// The process's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Signal(error) => error.exit_code(),
            Self::Sizing(error) => error.exit_code(),
            Self::Perp(error) => error.exit_code(),
            Self::Journal(error) => error.exit_code(),
            Self::Read(error) => error.exit_code(),
            Self::Query(QueryError::Read(error)) => error.exit_code(),
            Self::Fees(error) => error.exit_code(),
            Self::Pair(_) => 2,
            Self::Query(_) | Self::Setting { .. } => 3,
            Self::Loop(_) | Self::State(_) | Self::Digits { .. } => 4,
            Self::GovernorState(_) => 9,
            Self::Math(_) => 1,
        }
    }
}
