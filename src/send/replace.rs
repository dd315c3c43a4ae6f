//! What to do next about a transaction that is not included yet. Pure.

use std::time::Duration;

use crate::{chain::BLOCK_TIME, config::Urgency, units::Secs};

/// How long and how a pending transaction is pursued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResubmitPolicy {
    /// Time between two looks.
    pub poll: Duration,
    /// Time of the chain without inclusion after which the fees are raised; sooner for what protects.
    pub raise_after: Secs,
    /// Time of the chain after which the outcome is called unknown.
    pub chain_time: Secs,
    /// Time after which the outcome is called unknown, whatever the chain does.
    pub time: Duration,
    /// How long an endpoint that is behind our own journal is waited for before anything is signed.
    pub behind: Duration,
    /// Looks for a receipt, once the nonce is used, before the blocks are searched for who used it: receipts are often
    /// indexed later than blocks.
    pub receipt_looks: u32,
}

impl Default for ResubmitPolicy {
    /// A look a block, raised every six seconds, given up after two minutes of the chain or three of ours.
    fn default() -> Self {
        Self {
            poll: BLOCK_TIME,
            raise_after: Secs(6),
            chain_time: Secs(120),
            time: Duration::from_secs(180),
            behind: Duration::from_secs(20),
            receipt_looks: 6,
        }
    }
}

impl ResubmitPolicy {
    /// Time without inclusion after which an action of this urgency is offered for more.
    pub(super) fn raise_after(&self, urgency: Urgency) -> Secs {
        match urgency {
            Urgency::Open => self.raise_after,
            Urgency::Trim => Secs(self.raise_after.0 / 3),
            Urgency::Urgent | Urgency::LastResort => self.raise_after.min(Secs(1)),
        }
    }
}

/// What is known of a pending transaction at a new block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// Why the action should not be included any more: it would now revert, or its time is over.
    pub(super) spoiled: Option<String>,
    /// Whether a cancellation is on its way already.
    pub(super) cancelling: bool,
    /// Whether whoever asked for the action plans it anew when it is spoiled, and takes its nonce.
    pub(super) hands_back: bool,
    /// Time of the chain since the newest offer.
    pub(super) since_offer: Secs,
    /// Whether the newest offer may have been lost: sent without a clear answer, or forgotten by the endpoints.
    pub(super) maybe_lost: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    /// Nothing.
    Wait,
    /// Send the newest offer's identical bytes again.
    Resend,
    /// The same action with higher fees.
    Raise,
    /// A transfer of nothing in its place.
    Cancel(String),
    /// Nothing more: it is left where it is, for a newer plan to take its nonce.
    HandBack(String),
}

/// Decides at a new block; so much time without inclusion is worth a higher fee.
pub(super) fn next_move(view: &View, raise_after: Secs) -> Move {
    match &view.spoiled {
        Some(reason) if !view.cancelling && view.hands_back => Move::HandBack(reason.clone()),
        Some(reason) if !view.cancelling => Move::Cancel(reason.clone()),
        _ if view.since_offer >= raise_after => Move::Raise,
        _ if view.maybe_lost => Move::Resend,
        _ => Move::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_urgent_is_offered_for_more_every_second() {
        let patience = ResubmitPolicy::default();
        let urgencies = [Urgency::Open, Urgency::Trim, Urgency::Urgent, Urgency::LastResort];
        assert_eq!(urgencies.map(|urgency| patience.raise_after(urgency).0), [6, 2, 1, 1]);
    }

    #[test]
    fn what_would_revert_is_taken_back_once_and_what_waits_is_offered_more() {
        let view =
            View { spoiled: None, cancelling: false, hands_back: false, since_offer: Secs(1), maybe_lost: false };
        let table = [
            (view.clone(), Move::Wait),
            (View { maybe_lost: true, ..view.clone() }, Move::Resend),
            (View { since_offer: Secs(3), maybe_lost: true, ..view.clone() }, Move::Raise),
            (View { spoiled: Some("late".into()), ..view.clone() }, Move::Cancel("late".into())),
            (View { spoiled: Some("late".into()), hands_back: true, ..view.clone() }, Move::HandBack("late".into())),
            (View { hands_back: true, since_offer: Secs(3), ..view.clone() }, Move::Raise),
            (View { spoiled: Some("late".into()), cancelling: true, ..view.clone() }, Move::Wait),
            (View { spoiled: Some("late".into()), cancelling: true, since_offer: Secs(3), ..view }, Move::Raise),
        ];
        for (view, expected) in table {
            assert_eq!(next_move(&view, Secs(3)), expected, "{view:?}");
        }
    }
}
