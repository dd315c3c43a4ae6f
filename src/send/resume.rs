//! Taking up what a crash left behind, when the user asks for it: sending the identical bytes again, or taking the
//! action back.

use alloy::{
    consensus::{Transaction as _, TxEnvelope},
    eips::{BlockNumberOrTag, Decodable2718},
    primitives::U256,
};

use super::{
    Bid, ChainClient, Ending, Outcome, SendError, Sender,
    outcome::StepEnd,
    replacement_chain::{Attempt, ReplacementChain},
};
use crate::{
    chain::{BlockRef, Fees},
    journal::{IntentId, JournalError},
    plan::{Plan, SimulatedCall},
};

impl<W: ChainClient> Sender<W> {
    /// Sends what an intent has waiting again, byte for byte, and follows it to its end. Refused when it would now
    /// revert or its time is over. Later steps of the plan are not carried out.
    pub async fn resend(&mut self, intent: IntentId) -> Result<Outcome, SendError> {
        let (mut lineage, head) = self.take_up(intent).await?;
        let _following = self.interrupt.follow();
        if let Some(reason) = self.spoiled(&lineage, head).await {
            return Err(SendError::Spoiled { intent, reason });
        }
        self.offer_again(&mut lineage, head).await;
        Ok(self.see_through(lineage).await)
    }

    /// Uses up the nonce of what an intent has waiting with a transfer of nothing, and follows both to the end: either
    /// may be included.
    pub async fn take_back(&mut self, intent: IntentId) -> Result<Outcome, SendError> {
        let (mut lineage, head) = self.take_up(intent).await?;
        let _following = self.interrupt.follow();
        lineage.cancelled_for = Some("taken back by the user".to_owned());
        self.offer_instead(&mut lineage, true, head).await?;
        Ok(self.see_through(lineage).await)
    }

    async fn see_through(&self, mut lineage: ReplacementChain) -> Outcome {
        match self.pursue(&mut lineage).await {
            StepEnd::Mined(mined) => Outcome { done: vec![mined], ending: Ending::Mined },
            StepEnd::Other(ending) => Outcome { done: Vec::new(), ending },
        }
    }

    /// Whether what an intent has pending would revert on the newest block, or is late, and so may be replaced by what is
    /// planned on that block: at most one of the two is ever included. Only what waits on the lowest pending nonce can be
    /// replaced; anything above it could still follow.
    pub async fn is_outdated(&self, intent: IntentId) -> Result<bool, SendError> {
        let lowest = self.journal.reader().pending_transactions()?.first().map(|record| record.nonce);
        let (lineage, head) = match self.take_up(intent).await {
            Err(SendError::TakenOver { by, .. }) if by != intent => self.take_up(by).await?,
            other => other?,
        };
        Ok(lowest == Some(lineage.nonce) && self.spoiled(&lineage, head).await.is_some())
    }

    /// The intent's pending transactions as a lineage, while their nonce is free.
    async fn take_up(&self, id: IntentId) -> Result<(ReplacementChain, BlockRef), SendError> {
        let reader = self.journal.reader();
        let intent = reader.intent(id)?;
        let plan: Plan = serde_json::from_value(intent.plan)?;
        let head = self.wire.head().await?;
        let mut found: Option<ReplacementChain> = None;
        for record in reader.transactions(id)?.into_iter().filter(|record| record.state.is_pending()) {
            let Some(hash) = record.hash else { continue };
            let recorded = self.journal.resendable(hash)?;
            let envelope = decode(recorded.get().bytes())?;
            let to = record.to.unwrap_or_default();
            let cancels = to == plan.signer;
            let step = usize::try_from(record.step).unwrap_or(usize::MAX);
            let lineage = found.get_or_insert_with(|| ReplacementChain {
                intent: id,
                step,
                purpose: plan.steps.get(step).map_or_else(|| plan.headline.clone(), |step| step.purpose.clone()),
                nonce: record.nonce,
                call: SimulatedCall { from: plan.signer, to, value: envelope.value(), data: envelope.input().clone() },
                gas_limit: envelope.gas_limit(),
                urgency: plan.urgency,
                bid: Bid::FIRST,
                limits: self.fees.of(plan.urgency),
                hands_back: false,
                valid_until: plan.valid_until,
                since: head,
                cancelled_for: cancels.then(|| "it was being taken back".to_owned()),
                attempts: Vec::new(),
                rivals: Vec::new(),
            });
            let tip = envelope.max_priority_fee_per_gas().unwrap_or_default();
            let fees = Fees { max_fee: U256::from(envelope.max_fee_per_gas()), max_tip: U256::from(tip) };
            lineage.attempts.push(Attempt { recorded, hash, fees, cancels, unclear: true, refused: false });
        }
        let mut lineage = found.ok_or(SendError::NothingPending(id))?;
        let pending = reader.pending_transactions()?;
        let newest = pending.iter().rfind(|record| record.nonce == lineage.nonce).map(|record| record.intent);
        if let Some(by) = newest.filter(|by| *by != id) {
            return Err(SendError::TakenOver { intent: id, nonce: lineage.nonce, by });
        }
        lineage.rivals = self.rivals_on(lineage.nonce, id, &pending).map(|rivals| rivals.all).unwrap_or_default();
        if self.wire.nonce(plan.signer, BlockNumberOrTag::Latest).await? > lineage.nonce {
            return Err(SendError::NonceUsed { intent: id, nonce: lineage.nonce });
        }
        Ok((lineage, head))
    }
}

fn decode(raw: &[u8]) -> Result<TxEnvelope, JournalError> {
    TxEnvelope::decode_2718_exact(raw).map_err(|error| JournalError::NotATransaction(error.to_string()))
}
