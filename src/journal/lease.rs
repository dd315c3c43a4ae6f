//! Who may write an account's journal, and so sign for the account. Today whoever has the lock file; another host of journals
//! brings a lease of its own ([`Journal::open_with`](super::Journal::open_with)).

use std::fmt;

use super::JournalError;

/// The right to write one account's journal. It ends when it is dropped.
pub trait AccountLease: fmt::Debug + Send + Sync {
    /// Fails with [`JournalError::LeaseLost`] when somebody else may hold it by now. Asked before everything that is written,
    /// and before signed bytes are handed out: what is not certain is not signed.
    fn check(&self) -> Result<(), JournalError>;
}
