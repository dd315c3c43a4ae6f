//! What of other intents waits on a nonce, and the place that a step takes there.

use alloy::primitives::{B256, U256};

use crate::{
    chain::{BlockRef, Fees},
    journal::{IntentId, TransactionRecord},
};

/// A transaction of another intent that waits on the nonce which a protective action takes over.
#[derive(Debug, Clone)]
pub(super) struct Conflict {
    pub(super) hash: B256,
    pub(super) intent: IntentId,
    /// Whether it is a transfer of nothing, in place of its action.
    pub(super) cancels: bool,
    pub(super) fees: Fees,
}

/// All that wait on one nonce.
#[derive(Debug, Clone)]
pub(super) struct Conflicts {
    pub(super) nonce: u64,
    /// The newest, which is the one to name as replaced.
    pub(super) newest: Conflict,
    /// Oldest first, the newest too.
    pub(super) all: Vec<Conflict>,
}

impl Conflicts {
    /// What must be beaten: both fee fields of every one of them, whichever the pool holds.
    pub(super) fn highest_fees(&self) -> Fees {
        self.all.iter().fold(self.newest.fees, |highest, rival| highest_of(highest, rival.fees))
    }
}

/// The higher of both fields.
pub(super) fn highest_of(a: Fees, b: Fees) -> Fees {
    Fees { max_fee: a.max_fee.max(b.max_fee), max_tip: a.max_tip.max(b.max_tip) }
}

pub(super) fn rival(record: &TransactionRecord, cancels: bool) -> Option<Conflict> {
    let fees = Fees {
        max_fee: U256::from(record.max_fee_per_gas?),
        max_tip: U256::from(record.max_priority_fee_per_gas.unwrap_or_default()),
    };
    Some(Conflict { hash: record.hash?, intent: record.intent, cancels, fees })
}

/// The block and the nonce that a step is signed for, and who waits on that nonce already.
pub(super) struct Slot {
    pub(super) head: BlockRef,
    pub(super) nonce: u64,
    /// What the account has, wei; `None` where nobody tells.
    pub(super) ether: Option<U256>,
    pub(super) rivals: Option<Conflicts>,
}
