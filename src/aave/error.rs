//! Why the state of a market or an account cannot be computed.

use alloy::primitives::Address;

use crate::{
    chain::ReadError,
    units::{MathError, Secs},
};

/// Why a value could not be computed from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Arithmetic that reverts on chain too.
    #[error(transparent)]
    Math(#[from] MathError),
    /// The asset is not a reserve of the market.
    #[error("{0} is not listed on aave")]
    NotListed(Address),
    /// The account uses a reserve that the snapshot does not know.
    #[error("the account uses aave reserve {0}, which was listed after the reserve list was read; read it again")]
    UnknownReserve(u16),
    /// The account uses a reserve whose balances were not read with it.
    #[error("the account uses {0}, whose balances are not in the snapshot; read the account with a newer reserve list")]
    NotRead(String),
    /// The account is in an e-mode that the snapshot does not know.
    #[error("e-mode {0} is not configured, or was configured after the reserve list was read; read it again")]
    UnknownCategory(u8),
    /// The oracle answers no price for the asset.
    #[error("the aave oracle has no price for {0}")]
    NoPrice(String),
    /// A moment before the reserve was last updated.
    #[error("time {at} is before the last update of {symbol} at {last}", at = at.0, last = last.0)]
    TimeRunsBackwards {
        /// Reserve.
        symbol: String,
        /// Its last update.
        last: Secs,
        /// The moment asked for.
        at: Secs,
    },
}

/// Why a market or an account could not be read.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The chain did not answer, or not with what was asked.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The registry names another contract than the deployment table.
    #[error("the aave address registry names {on_chain} as {what}, the deployment table says {expected}")]
    AddressMismatch {
        /// Which contract.
        what: &'static str,
        /// In the deployment table.
        expected: Address,
        /// In the registry.
        on_chain: Address,
    },
    /// The oracle's unit is not US dollars with 8 decimals.
    #[error("the aave oracle's unit is {0}, expected 100000000 (us dollars with 8 decimals)")]
    BaseCurrency(String),
    /// Reserves do not share one rate strategy.
    #[error("{symbol} has its own rate strategy {strategy}; pools before v3.4 are not supported")]
    RateStrategy {
        /// Reserve.
        symbol: String,
        /// Its strategy.
        strategy: Address,
    },
    /// A field does not fit its type.
    #[error("{what} of aave is {value}, which is out of range")]
    OutOfRange {
        /// Which field.
        what: &'static str,
        /// What was answered.
        value: String,
    },
    /// The pool has no reserves.
    #[error("the aave pool {0} lists no reserves")]
    NoReserves(Address),
}
