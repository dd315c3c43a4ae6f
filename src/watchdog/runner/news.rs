//! The newest turn of every account, for whoever shows it.

use std::collections::BTreeSet;

use alloy::primitives::Address;

use super::{ActionReport, HeadOutcome};

/// The newest turn of every seat, for whoever shows it.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// By account, in the order of the seats.
    pub turns: Vec<Option<HeadOutcome>>,
    /// What was done last, newest first: at which head, and whose.
    pub acted: Vec<(u64, Address, ActionReport)>,
    /// Accounts for which opening and adding risk is refused.
    pub paused: BTreeSet<Address>,
}
