//! What may be sold for which debt, and what is chosen of it.

use alloy::primitives::U256;

use crate::loops::{Ahead, LoopSnapshot, Pair};

/// A collateral that may be sold for a debt.
#[derive(Debug, Clone)]
pub struct Combination {
    /// The two assets, which may be the same.
    pub pair: Pair,
    /// Everything that a plan for the pair is made from.
    pub snapshot: LoopSnapshot,
    /// Most of the collateral that may be sold, smallest unit.
    pub sell_at_most: U256,
    /// What is ahead of Aave's oracle.
    pub ahead: Ahead,
}

/// A part of a repayment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Index of its combination.
    pub combination: usize,
    /// Debt that it repays, smallest unit; `None`: as much as brings the account to its target.
    pub repay: Option<U256>,
    /// What it loses against the oracle, USD with 8 decimals, as estimated.
    pub cost: U256,
}

/// How an account is brought to a health factor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Protection {
    /// What to do, in this order; each planned again on what the one before has left.
    pub sales: Vec<Sale>,
    /// Combinations that are not needed, the cheapest first, for when one of the others cannot be done.
    pub others: Vec<usize>,
    /// Whether what may be sold is enough.
    pub reaches: bool,
}
