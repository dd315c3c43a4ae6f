//! Why a perp action was not carried out, or not to its end.

use super::KeyError;
use super::PerpError;
use crate::{
    chain::ReadError,
    journal::JournalError,
    plan::SubjectError,
    send::{self, SettleError},
};

/// Why a perp action was not carried out, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError {
    /// The plan is of no perp action.
    #[error("the plan does not say which perp action it is: {0}")]
    Subject(SubjectError),
    /// What the journal keeps of a plan, an order or a position cannot be written or read.
    #[error("a record of the perp in the journal: {0}")]
    Record(serde_json::Error),
    /// The end of an earlier order is not known: a second one could double it.
    #[error(
        "order {} of this account is still with the venue and its end is not known: nothing new is ordered before it is; \
         look again with `trimtab perp list`",
        .0.join(", ")
    )]
    Pending(Vec<String>),
    /// The journal's name of a position is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It was not sent, or not to the end of its last transaction.
    #[error(transparent)]
    Send(#[from] send::ExecuteError),
    /// It went through, but could not be settled yet.
    #[error("the transaction went through, but could not be settled: {0}; run `trimtab journal reconcile`")]
    Settle(#[from] SettleError),
    /// It went through, but the orders it placed could not be read yet.
    #[error("the transaction went through, but its orders could not be read: {0}; run `trimtab journal reconcile`")]
    Orders(#[source] PerpError),
    /// The venue could not be asked about an earlier order or position.
    #[error(transparent)]
    Venue(#[from] PerpError),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The chain did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl ExecuteError {
    /// The program's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Subject(_) | Self::Record(_) => 2,
            Self::Pending(_) | Self::Settle(_) | Self::Orders(_) => 7,
            Self::Key(_) => 9,
            Self::Send(error) => error.exit_code(),
            Self::Venue(error) => error.exit_code(),
            Self::Journal(error) => error.exit_code(),
            Self::Read(error) => error.exit_code(),
        }
    }
}
