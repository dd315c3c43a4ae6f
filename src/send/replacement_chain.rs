//! Everything that was signed for one nonce.

use alloy::primitives::{B256, U256};

use super::{
    Bid,
    conflicts::{Conflict, highest_of},
};
use crate::{
    chain::{BlockRef, Fees, Rejection},
    config::{FeeLimits, Urgency},
    journal::{IntentId, RawTx, Recorded},
    plan::SimulatedCall,
    units::Secs,
};

/// One signed transaction.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The bytes, recorded in the journal.
    pub(super) recorded: Recorded<RawTx>,
    /// Its hash.
    pub(super) hash: B256,
    /// Its fees.
    pub(super) fees: Fees,
    /// Whether it is a transfer of nothing in place of the action.
    pub(super) cancels: bool,
    /// Whether the endpoints' answer left open if they have it.
    pub(super) unclear: bool,
    /// Whether the endpoints refused it for certain.
    pub(super) refused: bool,
}

/// The transactions that share one nonce, each replacing the one before; at most one of them is ever included. All but
/// cancellations carry the same call. Transactions of a less urgent intent, whose nonce this one takes, are rivals.
#[derive(Debug)]
pub(super) struct ReplacementChain {
    /// The intent it belongs to.
    pub(super) intent: IntentId,
    /// The intent's step.
    pub(super) step: usize,
    /// What the step is for.
    pub(super) purpose: String,
    /// The nonce.
    pub(super) nonce: u64,
    /// The action.
    pub(super) call: SimulatedCall,
    /// Its gas limit.
    pub(super) gas_limit: u64,
    /// How urgent it is.
    pub(super) urgency: Urgency,
    /// How hard it bids for its place; each offer in place of an earlier one is a further attempt.
    pub(super) bid: Bid,
    /// What it may pay.
    pub(super) limits: FeeLimits,
    /// Whether whoever asked for it plans it anew when it would revert, instead of having it taken back.
    pub(super) hands_back: bool,
    /// When it must not be included any more.
    pub(super) valid_until: Secs,
    /// The newest block when the first was signed: none of them is in it or before it.
    pub(super) since: BlockRef,
    /// Why it is being taken back.
    pub(super) cancelled_for: Option<String>,
    /// Oldest first.
    pub(super) attempts: Vec<Attempt>,
    /// Transactions of another intent on the same nonce, oldest first: one of them may be included instead.
    pub(super) rivals: Vec<Conflict>,
}

impl ReplacementChain {
    /// The newest offer that may be included.
    pub(super) fn newest(&self) -> Option<&Attempt> {
        self.attempts.iter().rev().find(|attempt| !attempt.refused)
    }

    /// The same, to be changed.
    pub(super) fn newest_mut(&mut self) -> Option<&mut Attempt> {
        self.attempts.iter_mut().rev().find(|attempt| !attempt.refused)
    }

    /// What the next offer must beat; what was refused for offering too little counts.
    pub(super) fn highest_fees(&self) -> Option<Fees> {
        let own = self.attempts.iter().map(|attempt| attempt.fees);
        own.chain(self.rivals.iter().map(|rival| rival.fees)).reduce(highest_of)
    }

    /// The highest tip that was offered for the action itself.
    pub(super) fn highest_tip(&self) -> U256 {
        let offers = self.attempts.iter().filter(|attempt| !attempt.cancels);
        offers.map(|attempt| attempt.fees.max_tip).max().unwrap_or_default()
    }

    /// Whether the action is being taken back.
    pub(super) fn is_cancelling(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.cancels && !attempt.refused)
    }

    /// Whether the transaction is one of these, or one of the rivals.
    pub(super) fn contains(&self, hash: B256) -> bool {
        self.attempts.iter().any(|attempt| attempt.hash == hash) || self.rivals.iter().any(|rival| rival.hash == hash)
    }
}

/// What became of a first offer.
pub(super) enum Offered {
    /// It is, or may be, on the network.
    Out,
    /// It is nowhere, for the endpoints' reason.
    Rejected(Rejection),
}
