//! Following what was sent until a block settles it.
//!
//! Three witnesses, which must agree: a receipt, the account's nonce, and the block in which the nonce was used. Silence is none of them:
//! what nobody has settled when patience ends is unknown, never "rejected".

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{B256, Bytes},
};

use super::{
    ChainClient, Ending, MinedStep, Sender,
    conflicts::Conflict,
    lookup::{inclusion, user_of_nonce},
    outcome::StepEnd,
    replace::{Move, View, next_move},
    replacement_chain::ReplacementChain,
    witness::included,
};
use crate::{
    chain::{BlockRef, Receipt},
    journal::JournalError,
    units::{Millis, Secs},
};

/// What settled a nonce.
#[derive(Debug)]
pub(super) enum Settled {
    /// One of ours, by its place in the lineage.
    Included { attempt: usize, receipt: Receipt },
    /// What was to be replaced.
    Overtaken { rival: Conflict, receipt: Receipt },
    /// Somebody else's transaction.
    Superseded { by: B256 },
}

/// Why a lineage is not followed any further while its nonce is open.
#[derive(Debug)]
pub(super) enum Left {
    /// Nothing settled it in time, or something more pressing came.
    Unsettled(String),
    /// It would revert by now: a newer plan takes its nonce.
    Outdated(String),
}

impl<W: ChainClient> Sender<W> {
    /// Follows a lineage to its end, raising, re-sending or taking back on the way, and records the end.
    pub(super) async fn pursue(&self, lineage: &mut ReplacementChain) -> StepEnd {
        let (settled, head) = Box::pin(self.follow(lineage)).await;
        let ended = match settled {
            Ok(Settled::Included { attempt, receipt }) => self.conclude(lineage, attempt, receipt, head).await,
            Ok(Settled::Overtaken { rival, receipt }) => self.overtaken(lineage, &rival, &receipt, head),
            Ok(Settled::Superseded { by }) => self.superseded(lineage, by, head),
            Err(left) => self.leave(lineage, left, head),
        };
        ended.unwrap_or_else(|(hash, error)| {
            let reason = format!("what the chain says could not be recorded: {error}");
            StepEnd::Other(Ending::Unknown { hash, nonce: lineage.nonce, reason })
        })
    }

    async fn follow(&self, lineage: &mut ReplacementChain) -> (Result<Settled, Left>, BlockRef) {
        let started = self.clock.monotonic();
        let mut head = lineage.since;
        let mut offered_at = head;
        let mut looks_since_used = 0u32;
        loop {
            if let Some(settled) = self.included(lineage).await {
                return (Ok(settled), head);
            }
            let latest = self.wire.nonce(lineage.call.from, BlockNumberOrTag::Latest).await;
            let used = latest.as_ref().is_ok_and(|latest| *latest > lineage.nonce);
            if used {
                looks_since_used = looks_since_used.saturating_add(1);
                if looks_since_used >= self.patience.receipt_looks
                    && let Some(settled) = self.who_used_it(lineage).await
                {
                    return (Ok(settled), head);
                }
            }
            let chain_time = time_between(lineage.since, head);
            let elapsed = self.clock.monotonic().saturating_sub(started);
            if chain_time >= self.patience.chain_time || elapsed >= self.patience.time {
                let nonce = if used { "its nonce is used" } else { "its nonce is not used" };
                let waited = format!("no receipt after {} s; {nonce}", elapsed.as_secs().max(chain_time.0));
                return (Err(Left::Unsettled(waited)), head);
            }
            let yields = !lineage.urgency.is_protective();
            tokio::select! {
                () = tokio::time::sleep(self.patience.poll) => {}
                () = self.interrupt.raised(), if yields => {
                    let reason = "left for a protective action before a block settled it".to_owned();
                    return (Err(Left::Unsettled(reason)), head);
                }
            }
            match self.wire.head().await {
                Ok(newer) if newer.hash != head.hash => head = newer,
                Ok(_) => continue,
                Err(error) => {
                    tracing::debug!(%error, "no head");
                    continue;
                }
            }
            if !used && let Some(reason) = self.act(lineage, head, &mut offered_at).await {
                return (Err(Left::Outdated(reason)), head);
            }
        }
    }

    /// What is to be done at a new block while the nonce is unused; the reason when it is to be handed back.
    async fn act(&self, lineage: &mut ReplacementChain, head: BlockRef, offered_at: &mut BlockRef) -> Option<String> {
        let newest = lineage.newest()?;
        let maybe_lost = newest.unclear || matches!(self.wire.is_known(newest.hash).await, Ok(false));
        let cancelling = lineage.is_cancelling();
        let view = View {
            spoiled: if cancelling { None } else { self.spoiled(lineage, head).await },
            cancelling,
            hands_back: lineage.hands_back,
            since_offer: time_between(*offered_at, head),
            maybe_lost,
        };
        let made = match next_move(&view, self.patience.raise_after(lineage.urgency)) {
            Move::Wait => return None,
            Move::Resend => {
                self.offer_again(lineage, head).await;
                return None;
            }
            Move::HandBack(reason) => return Some(reason),
            Move::Raise => self.offer_instead(lineage, cancelling, head).await,
            Move::Cancel(reason) => {
                tracing::warn!(intent = %lineage.intent, nonce = lineage.nonce, reason, "taking it back");
                lineage.cancelled_for = Some(reason);
                self.offer_instead(lineage, true, head).await
            }
        };
        *offered_at = head;
        if let Err(error) = made {
            tracing::error!(intent = %lineage.intent, %error, "no new offer; still following the old one");
        }
        None
    }

    /// Why the action should not be included any more, as the newest block shows it.
    pub(super) async fn spoiled(&self, lineage: &ReplacementChain, head: BlockRef) -> Option<String> {
        if head.timestamp > lineage.valid_until {
            return Some(format!(
                "it was valid until {}, the newest block is of {}",
                lineage.valid_until.0, head.timestamp.0
            ));
        }
        let time = head.next_timestamp();
        let outcomes = self.wire.simulate(head, time, std::slice::from_ref(&lineage.call)).await.ok()?;
        let outcome = outcomes.first().filter(|outcome| !outcome.success)?;
        // On a block that holds it already it would revert as well: that is not a reason.
        let used = self.wire.nonce(lineage.call.from, BlockNumberOrTag::Latest).await.ok()? > lineage.nonce;
        (!used).then(|| format!("on block {} it would revert: {}", head.number, outcome.output))
    }

    /// A receipt of any of ours, or of what was to be replaced.
    async fn included(&self, lineage: &ReplacementChain) -> Option<Settled> {
        for (attempt, offer) in lineage.attempts.iter().enumerate().rev() {
            if let Some(receipt) = self.receipt_of(offer.hash).await {
                return Some(Settled::Included { attempt, receipt });
            }
        }
        for rival in lineage.rivals.iter().rev() {
            if let Some(receipt) = self.receipt_of(rival.hash).await {
                return Some(Settled::Overtaken { rival: rival.clone(), receipt });
            }
        }
        None
    }

    /// The receipt of a transaction that is in a block, for all that can be asked.
    async fn receipt_of(&self, hash: B256) -> Option<Receipt> {
        included(&self.wire, hash).await.unwrap_or_else(|error| {
            tracing::debug!(%hash, %error, "no answer about the receipt");
            None
        })
    }

    /// The block in which the nonce was used tells by whom; ours need a receipt to count.
    async fn who_used_it(&self, lineage: &ReplacementChain) -> Option<Settled> {
        let head = self.wire.head().await.ok()?;
        let account = lineage.call.from;
        match user_of_nonce(&self.wire, account, lineage.nonce, lineage.since.number, head.number).await {
            Ok(Some(by)) if !lineage.contains(by) => Some(Settled::Superseded { by }),
            Ok(_) => None,
            Err(error) => {
                tracing::debug!(%error, "cannot tell who used the nonce");
                None
            }
        }
    }

    async fn conclude(
        &self,
        lineage: &ReplacementChain,
        attempt: usize,
        receipt: Receipt,
        head: BlockRef,
    ) -> Result<StepEnd, (B256, JournalError)> {
        let stamp = self.stamp(head.timestamp);
        let hash = receipt.transaction;
        let inclusion = inclusion(&receipt);
        if lineage.attempts.get(attempt).is_some_and(|offer| offer.cancels) {
            let reason = lineage.cancelled_for.clone().unwrap_or_else(|| "it was taken back".to_owned());
            self.journal.record_included(hash, &inclusion, Some(&reason), stamp).map_err(|error| (hash, error))?;
            return Ok(StepEnd::Other(Ending::Cancelled { reason, receipt }));
        }
        if receipt.success {
            self.journal.record_included(hash, &inclusion, None, stamp).map_err(|error| (hash, error))?;
            let (step, purpose) = (lineage.step, lineage.purpose.clone());
            return Ok(StepEnd::Mined(MinedStep { step, purpose, receipt }));
        }
        let data = self.revert_data(lineage, &receipt).await;
        let reason = data.as_ref().map_or_else(
            || "reverted; on the state before its block it goes through".to_owned(),
            |data| format!("reverted: {data}"),
        );
        self.journal.record_included(hash, &inclusion, Some(&reason), stamp).map_err(|error| (hash, error))?;
        Ok(StepEnd::Other(Ending::Reverted { receipt, data }))
    }

    /// Why a transaction reverted: the same call on the state before its block.
    async fn revert_data(&self, lineage: &ReplacementChain, receipt: &Receipt) -> Option<Bytes> {
        let below = receipt.block_number.checked_sub(1)?;
        let (block, parent) = tokio::join!(self.wire.block(receipt.block_number), self.wire.block(below));
        let (time, parent) = (block.ok()??.block.timestamp, parent.ok()??.block);
        let outcomes = self.wire.simulate(parent, time, std::slice::from_ref(&lineage.call)).await.ok()?;
        outcomes.into_iter().next().filter(|outcome| !outcome.success).map(|outcome| outcome.output)
    }

    /// What was to be replaced is in a block: that intent ends with it, and this one has had no effect.
    fn overtaken(
        &self,
        lineage: &ReplacementChain,
        rival: &Conflict,
        receipt: &Receipt,
        head: BlockRef,
    ) -> Result<StepEnd, (B256, JournalError)> {
        let (by, stamp) = (rival.hash, self.stamp(head.timestamp));
        let reason = match (rival.cancels, receipt.success) {
            (true, _) => Some("it was taken back"),
            (false, true) => None,
            (false, false) => Some("reverted"),
        };
        self.journal.record_included(by, &inclusion(receipt), reason, stamp).map_err(|error| (by, error))?;
        tracing::warn!(intent = %lineage.intent, overtaken_by = %rival.intent, hash = %by, "what was to be replaced was included");
        Ok(StepEnd::Other(Ending::Superseded { nonce: lineage.nonce, by, intent: Some(rival.intent) }))
    }

    fn superseded(
        &self,
        lineage: &ReplacementChain,
        by: B256,
        head: BlockRef,
    ) -> Result<StepEnd, (B256, JournalError)> {
        let stamp = self.stamp(head.timestamp);
        let reason = format!("nonce {} was used by {by}, which is not ours", lineage.nonce);
        for offer in lineage.attempts.iter().filter(|offer| !offer.refused) {
            self.journal.record_dropped(offer.hash, &reason, stamp).map_err(|error| (offer.hash, error))?;
        }
        for rival in &lineage.rivals {
            self.journal.record_dropped(rival.hash, &reason, stamp).map_err(|error| (rival.hash, error))?;
        }
        Ok(StepEnd::Other(Ending::Superseded { nonce: lineage.nonce, by, intent: None }))
    }

    fn leave(&self, lineage: &ReplacementChain, left: Left, head: BlockRef) -> Result<StepEnd, (B256, JournalError)> {
        let (hash, nonce) = (lineage.newest().map(|offer| offer.hash).unwrap_or_default(), lineage.nonce);
        let (Left::Unsettled(reason) | Left::Outdated(reason)) = &left;
        self.journal.record_unknown(hash, reason, self.stamp(head.timestamp)).map_err(|error| (hash, error))?;
        Ok(StepEnd::Other(match left {
            Left::Unsettled(reason) => Ending::Unknown { hash, nonce, reason },
            Left::Outdated(reason) => Ending::Outdated { hash, nonce, reason },
        }))
    }
}

/// Whole seconds of the chain between two blocks. Five of Base's share a second: where their milliseconds are not told, the
/// last of one and the first of the next are a second apart.
const fn time_between(earlier: BlockRef, later: BlockRef) -> Secs {
    match (earlier.timestamp_ms, later.timestamp_ms) {
        (Some(Millis(earlier)), Some(Millis(later))) => Secs(later.saturating_sub(earlier) / 1_000),
        _ => Secs(later.timestamp.0.saturating_sub(earlier.timestamp.0)),
    }
}
