//! Why nothing was signed.

use alloy::primitives::{Address, B256};

use super::{GasShort, GasTooHigh};
use crate::{
    chain::{FeeError, Fees, ReadError, SigningError},
    journal::{IdError, IntentId, JournalError},
    plan::SimulationError,
    units::{Secs, format_units},
};

/// What kind of failure something is, and so what may be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// It did not happen and will not; plan again if it is still wanted.
    Definite,
    /// It may or may not happen; reconcile before anything else.
    Ambiguous,
    /// It did not happen; the same may be tried again.
    Retryable,
    /// The set-up is wrong.
    Configuration,
    /// Ours.
    Bug,
}

/// Why a step was not signed. Nothing of it is on the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The journal refused: something is unresolved, it cannot be written, or its state does not allow it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The endpoints did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// On the newest block it would revert, or not do what was planned.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The fees it needs are above the ceiling.
    #[error(transparent)]
    Fee(#[from] FeeError),
    /// It needs more gas than one transaction may have.
    #[error(transparent)]
    Gas(#[from] GasTooHigh),
    /// The account's ether does not pay for it.
    #[error(transparent)]
    GasShort(Box<GasShort>),
    /// The wallet did not sign.
    #[error(transparent)]
    Sign(#[from] SigningError),
    /// The plan's time is over.
    #[error("the plan was valid until {valid_until}, the next block is of {now}: plan again", valid_until = .valid_until.0, now = .now.0)]
    Expired {
        /// Its last moment.
        valid_until: Secs,
        /// Chain time.
        now: Secs,
    },
    /// The plan is for another account than the wallet's or the journal's.
    #[error("the plan is for {planned}, the {what} is of {here}")]
    OtherAccount {
        /// `wallet` or `journal`.
        what: &'static str,
        /// The plan's account.
        planned: Address,
        /// The other one.
        here: Address,
    },
    /// The plan has no usable id.
    #[error("the plan's id is not usable: {0}")]
    PlanId(#[from] IdError),
    /// The plan cannot be written down.
    #[error("the plan cannot be written down: {0}")]
    Plan(#[from] serde_json::Error),
    /// The plan has no step, or more than can be counted.
    #[error("a plan of {0} steps cannot be carried out")]
    Steps(usize),
    /// The endpoint counts fewer transactions of the account than the journal knows to be included.
    #[error(
        "the chain says the account's next nonce is {chain}, the journal says {journal}: the endpoint is behind, or a reorg took a block back; run `trimtab journal reconcile`"
    )]
    NonceBehind {
        /// Next by our journal.
        journal: u64,
        /// Next by the chain.
        chain: u64,
    },
    /// An earlier step of the same plan is not in the chain any more.
    #[error(
        "an earlier step of the plan, {hash}, is not in the chain any more (a reorg): run `trimtab journal reconcile`"
    )]
    StepVanished {
        /// Its transaction.
        hash: B256,
    },
    /// Only protective actions may replace what is pending.
    #[error("an action of urgency `{0}` protects nothing and replaces nothing that is pending")]
    NotProtective(&'static str),
    /// The fees that the replacement would need are above its ceiling.
    #[error(
        "nonce {nonce} is held by {pending}, which offers {} gwei; an eighth more is above the ceiling of {ceiling} gwei: \
         raise {key} or wait",
        format_units(.fees.max_fee, 9)
    )]
    NoRoomToReplace {
        /// The nonce.
        nonce: u64,
        /// What is pending on it.
        pending: B256,
        /// What that offers.
        fees: Box<Fees>,
        /// Most that the action may pay, gwei.
        ceiling: rust_decimal::Decimal,
        /// Key of the ceiling.
        key: &'static str,
    },
    /// The sender was called away for a protective action.
    #[error("not signed: a protective action goes first")]
    Interrupted,
    /// What was signed earlier would not do any more what it was signed for.
    #[error("intent {intent} is not sent again: {reason}; take it back instead")]
    Spoiled {
        /// The intent.
        intent: IntentId,
        /// Why.
        reason: String,
    },
    /// The intent has nothing that could be sent again or taken back.
    #[error("intent {0} has no pending transaction")]
    NothingPending(IntentId),
    /// Another intent has taken the nonce over: that one is to be sent again or taken back.
    #[error("intent {by} has taken over nonce {nonce} of intent {intent}: act on that one")]
    TakenOver {
        /// The intent.
        intent: IntentId,
        /// Its nonce.
        nonce: u64,
        /// Who has replaced it.
        by: IntentId,
    },
    /// The nonce is used already.
    #[error("nonce {nonce} of intent {intent} is used already: run `trimtab journal reconcile`")]
    NonceUsed {
        /// The intent.
        intent: IntentId,
        /// Its nonce.
        nonce: u64,
    },
}

impl SendError {
    /// What kind of failure it is.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Read(_) | Self::NonceBehind { .. } => Class::Retryable,
            Self::Fee(FeeError::AboveCeiling { .. }) => Class::Retryable,
            Self::Simulation(SimulationError::Read(_)) => Class::Retryable,
            Self::Simulation(_) | Self::Gas(_) | Self::Expired { .. } | Self::Spoiled { .. } => Class::Definite,
            Self::NothingPending(_) | Self::TakenOver { .. } => Class::Definite,
            Self::NoRoomToReplace { .. } | Self::Interrupted | Self::GasShort(_) => Class::Retryable,
            Self::StepVanished { .. } | Self::NonceUsed { .. } => Class::Ambiguous,
            Self::Journal(error) => match error.exit_code() {
                1 => Class::Bug,
                2 | 3 | 9 => Class::Configuration,
                4 => Class::Definite,
                6 => Class::Retryable,
                _ => Class::Ambiguous,
            },
            Self::Fee(_) | Self::Sign(_) | Self::OtherAccount { .. } => Class::Configuration,
            Self::PlanId(_) | Self::Plan(_) | Self::Steps(_) | Self::NotProtective(_) => Class::Bug,
        }
    }

    /// The program's exit code (docs/commands.md, Exit codes).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Journal(error) => error.exit_code(),
            Self::Read(error) | Self::Simulation(SimulationError::Read(error)) => error.exit_code(),
            Self::NonceBehind { .. } => 6,
            Self::Fee(error) => error.exit_code(),
            Self::Sign(error) => error.exit_code(),
            Self::Gas(_) | Self::GasShort(_) | Self::Expired { .. } => 4,
            Self::NoRoomToReplace { .. } | Self::Interrupted => 4,
            Self::Simulation(_) | Self::Spoiled { .. } => 5,
            Self::NothingPending(_) | Self::TakenOver { .. } => 2,
            Self::OtherAccount { .. } => 3,
            Self::StepVanished { .. } | Self::NonceUsed { .. } => 7,
            Self::PlanId(_) | Self::Plan(_) | Self::Steps(_) | Self::NotProtective(_) => 1,
        }
    }
}
