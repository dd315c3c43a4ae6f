//! A protective action takes the nonce of what is pending and protects nothing: a boost must not stand in the way of the
//! trim that saves the position, nor a trim that would revert by now in the way of its successor. All that share the nonce
//! are followed to the end, for any of them may be included; never more than one is.

use alloy::{eips::BlockNumberOrTag, primitives::U256};

use super::{
    Bid, ChainClient, Outcome, SendError, Sender,
    bid::Manner,
    conflicts::{Conflicts, Slot},
    fees::{Replaced, ceiling_key, replacement_fees},
    look::Look,
};
use crate::{
    chain::{FeeMarket, Fees},
    config::{FeeLimits, Urgency},
    journal::IntentId,
    plan::{Approved, Plan, SignedPermits, Simulated},
};

impl<W: ChainClient> Sender<W> {
    /// Carries out a plan that lowers debt or adds collateral, as [`Self::execute`] does, but in place of what is pending
    /// and protects nothing, or would revert: it takes the lowest pending nonce with fees an eighth higher. When what was
    /// to be replaced is included after all, that intent is recorded as done and this ends as
    /// [`Superseded`](super::Ending::Superseded): the state is another one, plan again.
    ///
    /// It bids for its place in the block as `bid` says, and a quarter more each time it is offered again. When it would
    /// revert on a newer block it is not taken back: it ends as [`Outdated`](super::Ending::Outdated) at once, and the next
    /// protective plan takes its nonce.
    ///
    /// Refused while another protective action may still take effect. Where nothing is pending it is as `execute`.
    pub async fn execute_protective(
        &mut self,
        simulated: Simulated<Approved<Plan>>,
        permits: &SignedPermits,
        bid: Bid,
    ) -> Result<Outcome, SendError> {
        self.protect(simulated, permits, bid, None).await
    }

    /// The same with a look that was taken beside the simulation.
    pub(super) async fn protect(
        &mut self,
        simulated: Simulated<Approved<Plan>>,
        permits: &SignedPermits,
        bid: Bid,
        look: Option<Look>,
    ) -> Result<Outcome, SendError> {
        let urgency = simulated.get().get().urgency;
        if !urgency.is_protective() {
            return Err(SendError::NotProtective(urgency.name()));
        }
        self.interrupt.lower();
        self.make_way().await?;
        self.run(simulated, permits, Manner::Protective(bid), look).await
    }

    pub(super) async fn slot(&self, intent: IntentId, manner: Manner, look: Option<Look>) -> Result<Slot, SendError> {
        let rivals = match manner {
            Manner::Protective(_) => self.rivals(intent)?,
            Manner::Ordinary => None,
        };
        let Some(rivals) = rivals else {
            let (head, nonce, ether) = self.next_nonce(look).await?;
            return Ok(Slot { head, nonce, ether, rivals: None });
        };
        // The head first: what it does not hold is not used by it either.
        let (head, ether) = tokio::join!(self.wire.head(), self.wire.balance(self.account()));
        let (head, ether) = (head?, ether.ok());
        let nonce = rivals.nonce;
        if self.wire.nonce(self.account(), BlockNumberOrTag::Latest).await? > nonce {
            return Err(SendError::NonceUsed { intent: rivals.newest.intent, nonce });
        }
        tracing::warn!(%intent, nonce, replaced = %rivals.newest.intent, hash = %rivals.newest.hash, "taking over its nonce");
        Ok(Slot { head, nonce, ether, rivals: Some(rivals) })
    }
}

impl Conflicts {
    /// Fees that every node accepts in place of any of them, within the limits.
    pub(super) fn beaten(
        &self,
        market: &FeeMarket,
        tip: U256,
        urgency: Urgency,
        limits: &FeeLimits,
    ) -> Result<Fees, SendError> {
        let old = self.highest_fees();
        replacement_fees(old, market, tip, limits, Replaced::Other)?.ok_or_else(|| SendError::NoRoomToReplace {
            nonce: self.nonce,
            pending: self.newest.hash,
            fees: Box::new(old),
            ceiling: limits.max_fee_gwei,
            key: ceiling_key(urgency),
        })
    }
}
