//! The lives of intents, transactions and orders: which state may follow which. Pure.

use super::column::words;

words! {
    /// How far an intent has come (docs/journal.md, States of an intent).
    pub enum IntentState {
        /// A plan exists.
        Planned = "planned",
        /// Every bound holds.
        Approved = "approved",
        /// The current step was simulated and does what the plan says.
        Simulated = "simulated",
        /// The current step is signed and recorded; it may or may not have left the machine.
        Signed = "signed",
        /// An endpoint took it, or it was seen waiting.
        Sent = "sent",
        /// The current step is in a block and did not revert.
        Mined = "mined",
        /// It ended without its effect: refused, reverted, replaced or never included. The reason says which.
        Failed = "failed",
        /// Nobody can say yet; the chain will.
        Unknown = "unknown",
        /// Compared with the chain; the actual figures stand beside the predicted ones.
        Reconciled = "reconciled",
    }
}

impl IntentState {
    /// Whether `next` may follow. Mined and failed must be established before an intent is reconciled; what a
    /// reorganisation or late evidence proves wrong is opened again.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        use IntentState::{Approved, Failed, Mined, Planned, Reconciled, Sent, Signed, Simulated, Unknown};
        match self {
            Planned => matches!(next, Approved | Failed),
            Approved => matches!(next, Simulated | Failed),
            Simulated => matches!(next, Signed | Failed),
            Signed => matches!(next, Sent | Mined | Failed | Unknown),
            Sent => matches!(next, Mined | Failed | Unknown),
            Unknown => matches!(next, Sent | Mined | Failed),
            Mined => matches!(next, Reconciled | Simulated | Sent | Failed),
            Failed => matches!(next, Reconciled | Sent | Unknown | Mined),
            Reconciled => matches!(next, Sent | Unknown | Mined | Failed),
        }
    }

    /// Whether something signed may still take effect: no other state change starts meanwhile (docs/journal.md, States of an intent).
    #[must_use]
    pub const fn is_unresolved(self) -> bool {
        matches!(self, Self::Signed | Self::Sent | Self::Unknown)
    }
}

words! {
    /// How far a transaction has come.
    pub enum TransactionState {
        /// The nonce is reserved, nothing is signed.
        Leased = "leased",
        /// Signed and recorded.
        Signed = "signed",
        /// An endpoint took it, or it was seen waiting.
        Sent = "sent",
        /// In a block, succeeded.
        Mined = "mined",
        /// In a block, reverted; the nonce is used up.
        Failed = "failed",
        /// Can have no effect any more: released, rejected for certain, or its nonce was used by another.
        Dropped = "dropped",
        /// Nobody can say yet.
        Unknown = "unknown",
    }
}

impl TransactionState {
    /// Whether `next` may follow. Included ones go back to sent when their block is reorganised away; one that was
    /// given up can still turn up in a block, and the chain is right.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        use TransactionState::{Dropped, Failed, Leased, Mined, Sent, Signed, Unknown};
        match self {
            Leased => matches!(next, Signed | Dropped),
            Signed => matches!(next, Sent | Unknown | Mined | Failed | Dropped),
            Sent => matches!(next, Unknown | Mined | Failed | Dropped),
            Unknown => matches!(next, Sent | Mined | Failed | Dropped),
            Mined | Failed => matches!(next, Sent),
            Dropped => matches!(next, Unknown | Mined | Failed),
        }
    }

    /// Whether it holds its nonce without being in a block.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Leased | Self::Signed | Self::Sent | Self::Unknown)
    }

    /// Whether signed bytes exist that may still be included.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Signed | Self::Sent | Self::Unknown)
    }

    /// Whether it is in a block.
    #[must_use]
    pub const fn is_included(self) -> bool {
        matches!(self, Self::Mined | Self::Failed)
    }
}

words! {
    /// How far an order has come.
    pub enum OrderState {
        /// Placed; the venue has not answered.
        Initiated = "initiated",
        /// Nobody can say yet; the chain will.
        Unknown = "unknown",
        /// Carried out.
        Filled = "filled",
        /// Ended without effect, by the venue or by us.
        Cancelled = "cancelled",
    }
}

impl OrderState {
    /// Whether the venue has given its answer, which does not change any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled)
    }

    /// Whether `next` may follow. A final answer is only followed by itself.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        match self {
            Self::Initiated | Self::Unknown => !matches!(next, Self::Initiated),
            Self::Filled => matches!(next, Self::Filled),
            Self::Cancelled => matches!(next, Self::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_walks_the_designed_path_and_never_skips_a_step() {
        use IntentState::*;
        let path = [Planned, Approved, Simulated, Signed, Sent];
        for (index, from) in path.iter().enumerate() {
            for (other, to) in path.iter().enumerate() {
                assert_eq!(from.can_become(*to), other == index + 1, "{from} to {to}");
            }
        }
        for outcome in [Mined, Failed, Unknown] {
            assert!(Sent.can_become(outcome));
        }
        assert!(Mined.can_become(Reconciled) && Failed.can_become(Reconciled));
    }

    #[test]
    fn an_unknown_outcome_is_not_reconciled_before_the_chain_has_told() {
        for state in IntentState::ALL.iter().filter(|state| state.is_unresolved()) {
            assert!(!state.can_become(IntentState::Reconciled), "{state}");
        }
    }

    #[test]
    fn nothing_is_signed_without_a_simulation_just_before() {
        for from in IntentState::ALL {
            assert_eq!(from.can_become(IntentState::Signed), *from == IntentState::Simulated, "{from}");
        }
        for from in TransactionState::ALL {
            assert_eq!(from.can_become(TransactionState::Signed), *from == TransactionState::Leased, "{from}");
        }
    }

    #[test]
    fn words_are_read_back_and_a_wrong_one_is_told_the_right_ones() {
        for state in IntentState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        let error = "snet".parse::<IntentState>().expect_err("no such state");
        assert!(error.to_string().contains("sent, mined"), "{error}");
    }

    #[test]
    fn an_order_is_answered_one_way_and_never_goes_back_to_waiting() {
        for from in OrderState::ALL {
            assert!(!from.can_become(OrderState::Initiated), "{from}");
            for to in [OrderState::Unknown, OrderState::Filled, OrderState::Cancelled] {
                assert_eq!(from.can_become(to), !from.is_final() || *from == to, "{from} to {to}");
            }
        }
    }
}
