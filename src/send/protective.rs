//! A protective action takes the nonce of what is pending and protects nothing: a boost must not stand in the way of the
//! trim that saves the position. Both transactions are followed to the end, for either may be included.

use alloy::eips::BlockNumberOrTag;

use super::{
    Outcome, SendError, Sender, Wire,
    blocking::Rivals,
    fees::{ceiling_key, replacement_fees},
    sender::Manner,
};
use crate::{
    chain::{BlockRef, FeeMarket, Fees},
    config::{FeeCeiling, Urgency},
    journal::IntentId,
    plan::{Approved, Plan, SignedPermits, Simulated},
};

/// The block and the nonce that a step is signed for, and who waits on that nonce already.
pub(super) struct Slot {
    pub(super) head: BlockRef,
    pub(super) nonce: u64,
    pub(super) rivals: Option<Rivals>,
}

impl<W: Wire> Sender<W> {
    /// Carries out a plan that lowers debt or adds collateral, as [`Self::execute`] does, but in place of what is pending
    /// and protects nothing: it takes the lowest pending nonce with fees an eighth higher. When what was to be replaced
    /// is included after all, that intent is recorded as done and this ends as
    /// [`Superseded`](super::Ending::Superseded): the state is another one, plan again.
    ///
    /// Refused while another protective action may still take effect. Where nothing is pending it is as `execute`.
    pub async fn execute_protective(
        &mut self,
        simulated: Simulated<Approved<Plan>>,
        permits: &SignedPermits,
    ) -> Result<Outcome, SendError> {
        let urgency = simulated.get().get().urgency;
        if !urgency.is_protective() {
            return Err(SendError::NotProtective(urgency.name()));
        }
        self.interrupt.lower();
        self.make_way().await?;
        self.run(simulated, permits, Manner::Protective).await
    }

    pub(super) async fn slot(&self, intent: IntentId, manner: Manner) -> Result<Slot, SendError> {
        let rivals = if manner == Manner::Protective { self.rivals(intent)? } else { None };
        let Some(rivals) = rivals else {
            let (head, nonce) = self.next_nonce().await?;
            return Ok(Slot { head, nonce, rivals: None });
        };
        // The head first: what it does not hold is not used by it either.
        let head = self.wire.head().await?;
        let nonce = rivals.nonce;
        if self.wire.nonce(self.account(), BlockNumberOrTag::Latest).await? > nonce {
            return Err(SendError::NonceUsed { intent: rivals.newest.intent, nonce });
        }
        tracing::warn!(%intent, nonce, replaced = %rivals.newest.intent, hash = %rivals.newest.hash, "taking over its nonce");
        Ok(Slot { head, nonce, rivals: Some(rivals) })
    }
}

impl Rivals {
    /// Fees that every node accepts in place of any of them, within the ceiling.
    pub(super) fn beaten(&self, market: &FeeMarket, urgency: Urgency, ceiling: &FeeCeiling) -> Result<Fees, SendError> {
        let old = self.highest_fees();
        replacement_fees(old, market, ceiling)?.ok_or_else(|| SendError::NoRoomToReplace {
            nonce: self.nonce,
            pending: self.newest.hash,
            fees: Box::new(old),
            ceiling: ceiling.max_fee_gwei,
            key: ceiling_key(urgency),
        })
    }
}
