//! What a watch decided and did at a head, as the judge looks at it.

use alloy::primitives::Address;

use crate::watchdog::{
    ladder::Rung,
    rules::{AccountFacts, AccountTrim, Action, Firing},
};

/// What was decided on a head.
#[derive(Debug)]
pub struct Decided<'a> {
    /// What the watch saw.
    pub facts: &'a AccountFacts,
    /// Rules that fired; `None` while a trim that began before goes on.
    pub firings: Option<&'a [Firing]>,
    /// The trim that the head calls for, or that goes on.
    pub wanted: Option<&'a AccountTrim>,
    /// What was sent.
    pub deed: Option<Deed<'a>>,
    /// Collaterals that were tried, the sold one included.
    pub collaterals: Vec<Address>,
    /// No part of the trim was done before.
    pub is_first_part: bool,
}

/// A transaction that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// What for.
    pub action: &'a Action,
    /// The collateral that it is about.
    pub collateral: Address,
    /// `None` for what is no trim.
    pub rung: Option<&'a Rung>,
    /// A part of the trim is left after it.
    pub is_part: bool,
}
