//! What a watch sees at a head, and what it comes to.

use alloy::primitives::Address;

use super::{Decided, Deed, execute::Place, market::Venue, step::Step};
use crate::{
    aave::{AccountState, Market},
    plan::Plan,
    watchdog::{
        ladder::Rung,
        rules::{AccountFacts, AccountTrim, Action, Evaluation, PairKey},
    },
};

/// A head as the watch reads it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) step: &'a Step,
    pub(super) market: &'a Market,
    pub(super) account: &'a AccountState,
    pub(super) venue: &'a Venue,
}

/// What a look at a head came to.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) facts: AccountFacts,
    /// `None` while a trim that began before goes on.
    pub(super) evaluation: Option<Evaluation>,
    /// The trim that this head calls for, or that goes on.
    pub(super) wanted: Option<AccountTrim>,
    pub(super) sent: Option<Sent>,
    /// What was tried before, with what stood in its way.
    pub(super) tried: Vec<String>,
    /// Collaterals that were tried, the sold one included.
    pub(super) collaterals: Vec<Address>,
    pub(super) is_first_part: bool,
}

/// A transaction on its way.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) plan: Plan,
    pub(super) action: Action,
    pub(super) pair: PairKey,
    /// `None` for what is no trim.
    pub(super) rung: Option<Rung>,
    /// A part of the trim is left after it.
    pub(super) is_part: bool,
}

impl Look {
    /// As the judge looks at it.
    pub(super) fn decided(&self) -> Decided<'_> {
        Decided {
            facts: &self.facts,
            firings: self.evaluation.as_ref().map(|evaluation| evaluation.firings.as_slice()),
            wanted: self.wanted.as_ref(),
            deed: self.sent.as_ref().map(Sent::deed),
            collaterals: self.collaterals.clone(),
            is_first_part: self.is_first_part,
        }
    }
}

impl Sent {
    pub(super) fn deed(&self) -> Deed<'_> {
        let (collateral, rung) = (self.pair.collateral, self.rung.as_ref());
        Deed { action: &self.action, collateral, rung, is_part: self.is_part }
    }
}

impl Head<'_> {
    /// Where a transaction goes that the block has before everything else.
    pub(super) fn place<'p>(&'p self, pools: &'p crate::dex::Pools) -> Place<'p> {
        let at = self.market.block.next_timestamp();
        Place { market: self.market, pools, morpho_is_empty: self.step.best_source_empty, at }
    }
}

/// What the ladder came to on one head.
pub(super) struct Climbed {
    pub(super) sent: Option<Sent>,
    pub(super) tried: Vec<String>,
    pub(super) collaterals: Vec<Address>,
}
