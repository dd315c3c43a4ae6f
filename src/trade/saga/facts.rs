//! What journal and chain say about a saga at one moment: all that the machine decides from besides the saga's own state.

use rust_decimal::Decimal;

use crate::perps::{Ending, Fill, OrderHandle};

/// What became of the intent of a leg. Of several tries the most alive one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntentFact {
    /// The journal does not know it: nothing was signed, and what was decided is to be done still.
    Absent,
    /// It ended without effect.
    Failed,
    /// Signed; the chain will tell.
    Waiting,
    /// Signed, but no endpoint knows it and its nonce is free. Whether its plan may still be sent.
    NotSeen {
        /// The plan is still valid.
        valid: bool,
    },
    /// In a block, not yet compared with its plan.
    Mined,
    /// Done and compared.
    Done,
}

/// What became of the order of the perp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderFact {
    /// None was placed, as far as the journal knows.
    None,
    /// Placed; the venue has not answered.
    Waiting(OrderHandle),
    /// Neither pending nor seen to end.
    Unknown {
        /// The order.
        order: OrderHandle,
        /// What is missing.
        reason: String,
    },
    /// It opened a position.
    Filled {
        /// The order.
        order: OrderHandle,
        /// The execution.
        fill: Box<Fill>,
    },
    /// It never will.
    Cancelled {
        /// The order.
        order: OrderHandle,
        /// Why, in words.
        reason: String,
    },
}

/// Everything the machine needs of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Of the leg that the phase names; [`IntentFact::Absent`] in the other phases.
    pub intent: IntentFact,
    /// The signal is too old to be ordered now.
    pub too_late: bool,
    /// The loop's leverage now; `None` without a loop.
    pub loop_now: Option<Decimal>,
    /// Highest tier among the other sagas that hold the loop.
    pub others: Option<Decimal>,
    /// Of the perp's order.
    pub order: OrderFact,
    /// How the position ended; `None` while it is open or was never seen.
    pub ending: Option<Ending>,
}
