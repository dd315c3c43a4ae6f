//! How an execution ended.

use alloy::primitives::{B256, Bytes};

use super::{Class, GasShort, SendError};
use crate::{chain::Receipt, journal::IntentId};

/// A step that is in a block and went through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinedStep {
    /// Which step of the plan, from 0.
    pub step: usize,
    /// What it was for.
    pub purpose: String,
    /// What the block says.
    pub receipt: Receipt,
}

/// What came of a plan that was signed at least in part.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// Steps that went through, in order.
    pub done: Vec<MinedStep>,
    /// How it ended.
    pub ending: Ending,
}

/// How an execution ended. All but [`Ending::Mined`] speak of the step after those that went through.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ending {
    /// Every step went through.
    Mined,
    /// The step is in a block and reverted: it cost gas and changed nothing.
    Reverted {
        /// What the block says.
        receipt: Receipt,
        /// Revert data of the same call on the state before that block; `None` when it goes through there, that is
        /// when something earlier in the same block was in its way.
        data: Option<Bytes>,
    },
    /// The endpoints refused the step for certain; it is nowhere.
    Rejected {
        /// Their words.
        reason: String,
    },
    /// The endpoints did not take the step for a reason of their own: a limit, a method that they do not have. It is nowhere,
    /// and the same may be tried again, or elsewhere.
    NotTaken {
        /// Their words.
        reason: String,
    },
    /// The endpoints refused the step because the account's ether does not pay for it; it is nowhere. The same may be tried
    /// again with more ether.
    Unpaid(Box<GasShort>),
    /// We took the step back before it was included.
    Cancelled {
        /// Why.
        reason: String,
        /// What the block says of the cancelling transaction.
        receipt: Receipt,
    },
    /// Another transaction of the same key used the nonce: the step can never be included. The state is no longer the
    /// one it was planned on: plan again.
    Superseded {
        /// The nonce.
        nonce: u64,
        /// The other transaction.
        by: B256,
        /// The intent of ours that it carried out, taken back or not: the one that was to be replaced. `None` when
        /// somebody else used the key.
        intent: Option<IntentId>,
    },
    /// Nobody can say yet whether the step is or will be included. It is in the journal; nothing new is signed before
    /// `reconcile` has settled it.
    Unknown {
        /// Newest transaction that may be included.
        hash: B256,
        /// Its nonce.
        nonce: u64,
        /// What is missing.
        reason: String,
    },
    /// The step waits to be included and would revert by now. It is left where it is, in the journal: the next protective
    /// plan takes its nonce, and at most one of the two is ever included.
    Outdated {
        /// Newest transaction that may be included.
        hash: B256,
        /// Its nonce.
        nonce: u64,
        /// Why it would revert.
        reason: String,
    },
    /// The step was not signed.
    Stopped(SendError),
}

impl Outcome {
    /// Whether every step went through.
    #[must_use]
    pub const fn is_mined(&self) -> bool {
        matches!(self.ending, Ending::Mined)
    }

    /// What kind of failure it was; `None` for none.
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        match &self.ending {
            Ending::Mined => None,
            Ending::Unknown { .. } | Ending::Outdated { .. } => Some(Class::Ambiguous),
            Ending::Stopped(error) => Some(error.class()),
            Ending::Unpaid(_) | Ending::NotTaken { .. } => Some(Class::Retryable),
            Ending::Reverted { .. }
            | Ending::Rejected { .. }
            | Ending::Cancelled { .. }
            | Ending::Superseded { .. } => Some(Class::Definite),
        }
    }

    /// The program's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match &self.ending {
            Ending::Mined => 0,
            Ending::Unknown { .. } | Ending::Outdated { .. } => 7,
            Ending::Stopped(error) => error.exit_code(),
            Ending::Unpaid(_) => 4,
            Ending::NotTaken { .. } => 6,
            Ending::Reverted { .. }
            | Ending::Rejected { .. }
            | Ending::Cancelled { .. }
            | Ending::Superseded { .. } => 5,
        }
    }
}

/// How one step ended.
pub(super) enum StepEnd {
    Mined(MinedStep),
    Other(Ending),
}
