//! What is known ahead of Aave's oracle.

use std::collections::BTreeMap;

use alloy::primitives::Address;

use crate::units::{Bps, UsdE8};

/// What is ahead of Aave's oracle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// By how much lower the collateral stands against the debt at the feeds behind the oracle: what a swap may cost against the
    /// oracle is more by that, what it may cost against the quote is not (strategy.md §5).
    pub gap: Bps,
    /// Prices that the action is judged by beside the oracle's: a protective one does not lower the health factor there either.
    /// Empty where the oracle itself calls for it, for no feed may hold that back.
    pub judged_at: BTreeMap<Address, UsdE8>,
}
