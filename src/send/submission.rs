//! One offer: signed, recorded, and only then broadcast.

use alloy::{
    consensus::TxEip1559,
    primitives::{B256, Bytes, TxKind, U256},
};
use fail::fail_point;

use super::{
    ChainClient, SendError, Sender,
    fees::{Replaced, cancellation_ceiling, replacement_fees},
    gas::CANCEL_GAS,
    replacement_chain::{Attempt, Offered, ReplacementChain},
};
use crate::{
    chain::{BASE_CHAIN_ID, BlockRef, Fees, Rejection, SendOutcome},
    journal::{JournalError, Lease},
};

/// How often the same may be refused and asked for again at the same nonce and fees.
const REPEATS: u64 = 1_000;

impl<W: ChainClient> Sender<W> {
    /// Makes the first offer of a lineage, in place of `replaces` where that is given. An error means that nothing was
    /// signed, or that what was signed could not be recorded and is thrown away.
    pub(super) async fn offer_first(
        &self,
        lineage: &mut ReplacementChain,
        replaces: Option<B256>,
        fees: Fees,
    ) -> Result<Offered, SendError> {
        let stamp = self.stamp(lineage.since.timestamp);
        let lease = match replaces {
            Some(pending) => self.journal.lease_replacement(lineage.intent, pending, stamp)?,
            None => self.journal.lease_nonce(lineage.intent, lineage.nonce, stamp)?,
        };
        lineage.nonce = lease.nonce();
        self.sign(lineage, &lease, fees, false, lineage.since).await?;
        let Some(rejection) = self.broadcast(lineage, lineage.since).await else { return Ok(Offered::Out) };
        let reason = rejection.to_string();
        // A last look: an endpoint may have taken it and answered only to an earlier try.
        let hashes: Vec<_> = lineage.attempts.iter().map(|attempt| attempt.hash).collect();
        for hash in hashes {
            if self.wire.is_known(hash).await.unwrap_or(true) {
                return Ok(Offered::Out);
            }
            if let Err(error) = self.journal.record_dropped(hash, &reason, stamp) {
                tracing::error!(%hash, %error, "could not record the refusal");
            }
        }
        Ok(Offered::Rejected(rejection))
    }

    /// Makes another offer on the lineage's nonce, in place of the newest: the same action, or a transfer of nothing.
    pub(super) async fn offer_instead(
        &self,
        lineage: &mut ReplacementChain,
        cancels: bool,
        head: BlockRef,
    ) -> Result<(), SendError> {
        let (Some(newest), Some(highest)) = (lineage.newest(), lineage.highest_fees()) else { return Ok(()) };
        let limits = if cancels { cancellation_ceiling(lineage.limits) } else { lineage.limits };
        let market = self.wire.fee_market(head).await?;
        // What can wait follows the market; what protects bids more each time.
        let bid = if lineage.urgency.is_protective() { lineage.bid.next() } else { lineage.bid };
        let tip = bid.tip(&market, lineage.urgency, &limits, highest.max_tip)?;
        let Some(fees) = replacement_fees(highest, &market, tip, &limits, Replaced::Own)? else {
            let (fee, tip) = (limits.max_fee_gwei, limits.max_tip_gwei);
            tracing::warn!(nonce = lineage.nonce, %fee, %tip, "no room below the ceilings of fee and tip, gwei");
            return Ok(());
        };
        let stamp = self.stamp(head.timestamp);
        let lease = self.journal.lease_replacement(lineage.intent, newest.hash, stamp)?;
        lineage.bid = bid;
        self.sign(lineage, &lease, fees, cancels, head).await?;
        if let Some(rejection) = self.broadcast(lineage, head).await
            && let Some(refused) = lineage.newest_mut()
        {
            let reason = rejection.to_string();
            // It stays in the lineage: its fees are what the next offer must beat, and a receipt would still count.
            refused.refused = true;
            tracing::warn!(hash = %refused.hash, %reason, "the endpoints refused the replacement");
            self.journal.record_dropped(refused.hash, &reason, stamp)?;
        }
        Ok(())
    }

    /// Sends the newest offer's identical bytes again.
    pub(super) async fn offer_again(&self, lineage: &mut ReplacementChain, head: BlockRef) {
        let _ = self.broadcast(lineage, head).await;
    }

    /// Signs for a lease and records the bytes; gives the lease back when either fails.
    ///
    /// Signatures are deterministic: what the endpoints refused and is asked for again would be the same bytes, which the journal
    /// has. A unit of gas more makes them others.
    async fn sign(
        &self,
        lineage: &mut ReplacementChain,
        lease: &Lease,
        fees: Fees,
        cancels: bool,
        head: BlockRef,
    ) -> Result<(), SendError> {
        let stamp = self.stamp(head.timestamp);
        let mut more_gas = 0;
        let recorded = loop {
            let transaction = unsigned(lineage, lease.nonce(), fees, cancels, more_gas);
            let signed = self.signer.sign_transaction(transaction).await;
            let recorded = signed
                .map_err(SendError::from)
                .and_then(|signed| Ok(self.journal.record_signed(lease, signed.raw, stamp)?));
            match recorded {
                Err(SendError::Journal(JournalError::SignedBefore { .. })) if more_gas < REPEATS => more_gas += 1,
                ended => break ended,
            }
        };
        let recorded = match recorded {
            Ok(recorded) => recorded,
            Err(error) => {
                if let Err(unreleased) = self.journal.release(lease, &error.to_string(), stamp) {
                    tracing::error!(nonce = lease.nonce(), %unreleased, "the next start releases the nonce");
                }
                return Err(error);
            }
        };
        let hash = recorded.get().hash();
        tracing::info!(intent = %lineage.intent, %hash, nonce = lease.nonce(), ?fees, cancels, "signed and recorded");
        lineage.attempts.push(Attempt { recorded, hash, fees, cancels, unclear: true, refused: false });
        Ok(())
    }

    /// Sends the newest offer and records what the endpoints say; gives their reason when they refuse it for certain.
    ///
    /// "Nonce too low" is no such refusal: it is also what an endpoint says that has included it already.
    async fn broadcast(&self, lineage: &mut ReplacementChain, head: BlockRef) -> Option<Rejection> {
        let newest = lineage.newest_mut()?;
        fail_point!("send-before-broadcast");
        let submission = self.wire.send_raw(&newest.recorded).await;
        fail_point!("send-after-broadcast");
        tracing::info!(hash = %newest.hash, ?submission, "sent");
        let stamp = self.stamp(head.timestamp);
        let recorded = match submission {
            SendOutcome::Accepted | SendOutcome::AlreadyKnown => {
                newest.unclear = false;
                self.journal.record_sent(newest.hash, stamp)
            }
            SendOutcome::Ambiguous(reason) => {
                newest.unclear = true;
                self.journal.record_unknown(newest.hash, &reason, stamp)
            }
            SendOutcome::Rejected(Rejection::NonceTooLow(reason)) => {
                newest.unclear = false;
                self.journal.record_unknown(newest.hash, &reason, stamp)
            }
            SendOutcome::Rejected(rejection) => return Some(rejection),
        };
        if let Err(error) = recorded {
            // It is on the network; the recorded bytes are enough to find it again.
            tracing::error!(hash = %newest.hash, %error, "could not record the endpoints' answer");
        }
        None
    }
}

fn unsigned(lineage: &ReplacementChain, nonce: u64, fees: Fees, cancels: bool, more_gas: u64) -> TxEip1559 {
    let call = &lineage.call;
    let (to, value, input, gas_limit) = if cancels {
        (call.from, U256::ZERO, Bytes::new(), CANCEL_GAS)
    } else {
        (call.to, call.value, call.data.clone(), lineage.gas_limit)
    };
    TxEip1559 {
        chain_id: BASE_CHAIN_ID,
        nonce,
        gas_limit: gas_limit.saturating_add(more_gas),
        max_fee_per_gas: fees.max_fee.saturating_to(),
        max_priority_fee_per_gas: fees.max_tip.saturating_to(),
        to: TxKind::Call(to),
        value,
        access_list: Default::default(),
        input,
    }
}
