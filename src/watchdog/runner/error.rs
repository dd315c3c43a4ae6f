//! Why the watch cannot start, or cannot go on.

use crate::{
    aave::{QueryError, StateError},
    chain::ReadError,
    journal::JournalError,
    send::{SendError, SettleError},
    watchdog::ops::{AlertsError, ServiceError, SocketError},
};

/// Why the watch cannot start or go on. What one head or one account does not let happen is an alert, not this.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The chain does not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Aave's answers do not make sense.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The account's figures do not fit the arithmetic.
    #[error(transparent)]
    State(#[from] StateError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What was sent earlier cannot be looked up.
    #[error(transparent)]
    Send(#[from] SendError),
    /// What was sent earlier cannot be settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// Alerts.
    #[error(transparent)]
    Alerts(#[from] AlertsError),
    /// Metrics.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The daemon's socket.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// Signals of the system.
    #[error("signals of the system cannot be received: {0}")]
    Signals(std::io::Error),
}

impl WatchError {
    /// The program's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Read(error) => error.exit_code(),
            Self::Query(QueryError::Read(error)) => error.exit_code(),
            Self::Query(_) => 3,
            Self::State(_) => 1,
            Self::Journal(error) => error.exit_code(),
            Self::Send(error) => error.exit_code(),
            Self::Settle(_) => 6,
            Self::Alerts(error) => error.exit_code(),
            Self::Service(error) => error.exit_code(),
            Self::Socket(error) => error.exit_code(),
            Self::Signals(_) => 1,
        }
    }
}
