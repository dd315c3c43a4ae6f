//! The one who signs and sends for a key.

use std::sync::Arc;

use alloy::primitives::{Address, U256};

use super::{
    ChainClient, Ending, Interrupt, MinedStep, Outcome, ResubmitPolicy, SendError,
    bid::Manner,
    conflicts::Slot,
    look::Look,
    outcome::StepEnd,
    permits_in_force,
    replacement_chain::{Offered, ReplacementChain},
    witness::is_canonical,
};
use crate::{
    chain::{BlockRef, Clock, Receipt, Rejection, Signer},
    config::FeesConfig,
    journal::{IntentId, Journal, NewIntent, Stamp},
    plan::{Approved, PermitRequest, Plan, SignedPermits, Simulated, SimulatedCall},
    units::{Millis, Secs},
};

/// Owns the key's signer, the journal and the nonces of one account on one network.
///
/// [`Sender::execute`] takes `&mut self`: one action at a time. It signs nothing while the journal holds something
/// unresolved; [`Sender::execute_protective`] may take the nonce of something that protects nothing.
#[derive(Debug)]
pub struct Sender<W> {
    pub(super) wire: W,
    pub(super) journal: Arc<Journal>,
    pub(super) signer: Signer,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) fees: FeesConfig,
    pub(super) patience: ResubmitPolicy,
    pub(super) interrupt: Interrupt,
    /// Highest tip that the last protective action offered, wei: its next attempt bids more.
    pub(super) last_tip: U256,
}

impl<W: ChainClient> Sender<W> {
    /// A sender with default ceilings and patience.
    pub fn new(wire: W, journal: Journal, signer: Signer, clock: Arc<dyn Clock>) -> Self {
        let (fees, patience) = (FeesConfig::default(), ResubmitPolicy::default());
        let (journal, interrupt) = (Arc::new(journal), Interrupt::new());
        Self { wire, journal, signer, clock, fees, patience, interrupt, last_tip: U256::ZERO }
    }

    /// With other fee ceilings.
    #[must_use]
    pub fn with_fees(mut self, fees: FeesConfig) -> Self {
        self.fees = fees;
        self
    }

    /// Takes other fee limits, from the next transaction on.
    pub const fn set_fees(&mut self, fees: FeesConfig) {
        self.fees = fees;
    }

    /// With other patience.
    #[must_use]
    pub fn with_patience(mut self, patience: ResubmitPolicy) -> Self {
        self.patience = patience;
        self
    }

    /// The account it sends for.
    #[must_use]
    pub fn account(&self) -> Address {
        self.journal.account()
    }

    /// The journal, for what others record in it.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The same for tasks that record beside it: what they write is whole or not at all, and the journal's lock is held for
    /// as long as one of them has it.
    #[must_use]
    pub fn shared_journal(&self) -> Arc<Journal> {
        self.journal.clone()
    }

    /// The network as it sees it.
    #[must_use]
    pub const fn wire(&self) -> &W {
        &self.wire
    }

    /// The signer, for the permits of the next plan.
    #[must_use]
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The handle that calls it away from an ordinary action.
    #[must_use]
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Carries out a plan step by step: lease, sign, record, send, follow until a block settles it.
    ///
    /// Each step is simulated again when the chain has moved since it last was; a permit that somebody else has used
    /// in the meantime is then left out. An error means that nothing was signed; whatever happens later is in the
    /// [`Outcome`].
    pub async fn execute(
        &mut self,
        simulated: Simulated<Approved<Plan>>,
        permits: &SignedPermits,
    ) -> Result<Outcome, SendError> {
        self.carry_on(simulated, permits, None).await
    }

    /// The same with a look that was taken beside the simulation.
    pub(super) async fn carry_on(
        &mut self,
        simulated: Simulated<Approved<Plan>>,
        permits: &SignedPermits,
        look: Option<Look>,
    ) -> Result<Outcome, SendError> {
        self.require_resolved()?;
        self.run(simulated, permits, Manner::Ordinary, look).await
    }

    pub(super) async fn run(
        &mut self,
        simulated: Simulated<Approved<Plan>>,
        permits: &SignedPermits,
        manner: Manner,
        mut look: Option<Look>,
    ) -> Result<Outcome, SendError> {
        let plan = simulated.get().get().clone();
        let intent = self.open_intent(&plan, simulated.block())?;
        let mut current = simulated;
        let mut done: Vec<MinedStep> = Vec::with_capacity(plan.steps.len());
        for step in 0..plan.steps.len() {
            let ending = match self.carry_out((intent, manner, look.take()), &plan, &mut current, permits, &done).await
            {
                Ok(StepEnd::Mined(mined)) => {
                    tracing::info!(%intent, step, hash = %mined.receipt.transaction, gas = mined.receipt.gas_used, "mined");
                    done.push(mined);
                    continue;
                }
                Ok(StepEnd::Other(ending)) => ending,
                Err(error) => {
                    // Should the journal be full, the intent stays as it is and the next start cleans up.
                    let stamp = self.stamp(current.block().timestamp);
                    if let Err(unwritten) = self.journal.record_refused(intent, &error.to_string(), stamp) {
                        tracing::error!(%intent, %unwritten, "could not record why nothing was signed");
                    }
                    if done.is_empty() {
                        return Err(error);
                    }
                    Ending::Stopped(error)
                }
            };
            tracing::warn!(%intent, step, ?ending, "did not go through");
            return Ok(Outcome { done, ending });
        }
        Ok(Outcome { done, ending: Ending::Mined })
    }

    /// Refuses while something signed earlier may still take effect: nothing new is signed then, permits included.
    pub fn require_resolved(&self) -> Result<(), SendError> {
        Ok(self.journal.reader().require_resolved()?)
    }

    /// Writes the plan down as simulated.
    fn open_intent(&self, plan: &Plan, at: BlockRef) -> Result<IntentId, SendError> {
        let parties = [("wallet", self.signer.address(), plan.signer), ("journal", self.journal.account(), plan.owner)];
        if let Some((what, here, planned)) = parties.into_iter().find(|(_, here, planned)| here != planned) {
            return Err(SendError::OtherAccount { what, planned, here });
        }
        let id: IntentId = plan.id.parse()?;
        let steps = u32::try_from(plan.steps.len()).ok().filter(|steps| *steps > 0);
        let steps = steps.ok_or(SendError::Steps(plan.steps.len()))?;
        let stamp = self.stamp(at.timestamp);
        let new = NewIntent {
            id,
            kind: plan.kind.clone(),
            paper: false,
            plan: serde_json::to_value(plan)?,
            plan_hash: plan.hash()?,
            steps,
        };
        self.journal.record_planned(&new, stamp)?;
        self.journal.record_approved(id, stamp)?;
        self.journal.record_simulated(id, stamp)?;
        Ok(id)
    }

    /// One step, from the lease to the block.
    async fn carry_out(
        &mut self,
        (intent, manner, look): (IntentId, Manner, Option<Look>),
        plan: &Plan,
        current: &mut Simulated<Approved<Plan>>,
        permits: &SignedPermits,
        done: &[MinedStep],
    ) -> Result<StepEnd, SendError> {
        let step = done.len();
        for earlier in done {
            if !is_canonical(&self.wire, &earlier.receipt).await? {
                return Err(SendError::StepVanished { hash: earlier.receipt.transaction });
            }
        }
        let Slot { head, nonce, ether, rivals } = self.slot(intent, manner, look).await?;
        let next = head.next_timestamp();
        if next > plan.valid_until {
            return Err(SendError::Expired { valid_until: plan.valid_until, now: next });
        }
        if current.block() != head {
            *current = Box::pin(self.simulate_again(current, done, permits, head)).await?;
        }
        if step > 0 {
            self.journal.record_simulated(intent, self.stamp(head.timestamp))?;
        }
        let (ready, gas) = current.steps().nth(step).ok_or(SendError::Steps(step))?;
        let (urgency, value) = (plan.urgency, ready.value);
        let terms = self.terms(plan, (value, gas), ether, manner, (rivals.as_ref(), head)).await?;
        let mut lineage = ReplacementChain {
            intent,
            step,
            purpose: ready.purpose.clone(),
            nonce,
            call: SimulatedCall { from: plan.signer, to: ready.to, value, data: ready.data.clone() },
            gas_limit: terms.offer.gas_limit,
            urgency,
            bid: manner.bid(),
            limits: terms.limits,
            hands_back: manner != Manner::Ordinary,
            valid_until: plan.valid_until,
            since: head,
            cancelled_for: None,
            attempts: Vec::new(),
            rivals: rivals.map(|rivals| rivals.all).unwrap_or_default(),
        };
        if manner == Manner::Ordinary && self.interrupt.is_raised() {
            return Err(SendError::Interrupted);
        }
        let _following = self.interrupt.follow();
        match self.offer_first(&mut lineage, terms.replaces, terms.offer.fees).await? {
            Offered::Rejected(Rejection::InsufficientFunds(said)) => {
                Ok(StepEnd::Other(Ending::Unpaid(Box::new(terms.short(plan, value, Some(said))))))
            }
            Offered::Rejected(Rejection::NotTaken(reason)) => Ok(StepEnd::Other(Ending::NotTaken { reason })),
            Offered::Rejected(rejection) => Ok(StepEnd::Other(Ending::Rejected { reason: terms.refused(&rejection) })),
            Offered::Out => {
                let end = Box::pin(self.pursue(&mut lineage)).await;
                if manner != Manner::Ordinary {
                    self.last_tip = lineage.highest_tip();
                }
                Ok(end)
            }
        }
    }

    /// What is left of the plan on a newer block, without the permits that are in force there already.
    async fn simulate_again(
        &self,
        current: &Simulated<Approved<Plan>>,
        done: &[MinedStep],
        permits: &SignedPermits,
        head: BlockRef,
    ) -> Result<Simulated<Approved<Plan>>, SendError> {
        let plan = current.get().get();
        let left: Vec<&PermitRequest> =
            plan.steps.iter().skip(done.len()).flat_map(|step| step.data.permits()).collect();
        let paid = done.iter().map(|step| gas_cost(&step.receipt)).fold(U256::ZERO, U256::saturating_add);
        let (time, done) = (head.next_timestamp(), (done.len(), paid));
        // Side by side: as a rule none is in force, and then all of them belong into it.
        let (all, granted) = tokio::join!(
            current.again(&self.wire, done, permits, |_| false, head, time),
            permits_in_force(&self.wire, &left, head),
        );
        let granted = granted?;
        if granted.is_empty() {
            return Ok(all?);
        }
        let omit = |request: &PermitRequest| granted.contains(&request.digest());
        Ok(current.again(&self.wire, done, permits, omit, head, time).await?)
    }

    /// The times of a journal entry made now.
    pub(super) fn stamp(&self, block_time: Secs) -> Stamp {
        Stamp { block_time, wall: Millis(self.clock.wall_millis()) }
    }
}

/// What a transaction cost in gas, on L2 and L1, wei.
fn gas_cost(receipt: &Receipt) -> U256 {
    let l2 = receipt.effective_gas_price.saturating_mul(U256::from(receipt.gas_used));
    l2.saturating_add(receipt.l1_fee.unwrap_or_default())
}
