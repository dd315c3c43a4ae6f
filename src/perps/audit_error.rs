//! Why a plan on a venue is not sent.

use alloy::primitives::Address;

use super::PerpError;
use crate::plan::SubjectError;

/// Why a plan file is not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// Not a plan of a perp action.
    #[error("the plan does not say which perp action it is: {0}")]
    Subject(SubjectError),
    /// Of another adapter.
    #[error("the plan is for the venue {0}, which this program does not write to")]
    Venue(String),
    /// A transaction that the action does not make.
    #[error("`{purpose}` calls {to} in a way that this perp action does not")]
    Step {
        /// What the file says it is for.
        purpose: String,
        /// What it calls.
        to: Address,
    },
    /// One argument that is not what the action asks for.
    #[error("`{purpose}`: {field} is {found}, where the action asks for {wanted}; plan again")]
    Argument {
        /// What the file says the transaction is for.
        purpose: String,
        /// The argument, as the venue names it; `value` for the ether sent along.
        field: &'static str,
        /// What the file has.
        found: String,
        /// What belongs there.
        wanted: String,
    },
    /// The venue as it is now does not fit the action.
    #[error(transparent)]
    Present(#[from] PerpError),
}
