//! The nonce to sign for, on a network whose endpoints may lag or be wrong about it.

use alloy::{eips::BlockNumberOrTag, primitives::U256};

use super::{ChainClient, NextNonce, SendError, Sender, look::Look, lookup::user_of_nonce, reconcile::reopen};
use crate::{
    chain::{BlockRef, ReadError},
    journal::JournalError,
};

/// Looks that must agree before a nonce ahead of ours is believed that no block accounts for: an endpoint may be wrong.
const LOOKS: u32 = 8;

/// A nonce ahead of ours, as the endpoints claim it.
struct Claim {
    chain: u64,
    looks: u32,
    /// Height of the head when it was first claimed.
    since: u64,
}

impl<W: ChainClient> Sender<W> {
    /// The newest block, the nonce to use on it, and the account's ether. Waits while the endpoints are behind what we know to be included.
    ///
    /// Signed for a nonce that the chain does not have, a transaction would wait for ever behind the gap. So a nonce ahead of
    /// ours needs a witness: the block that holds the transaction which used the one before it. Where there is none (it waits
    /// in a pool, an authorization counted it, the node has forgotten old states), many looks must agree, on two heads.
    ///
    /// `look` is the first look, where one was taken beside something else a moment ago.
    pub(super) async fn next_nonce(&self, mut look: Option<Look>) -> Result<(BlockRef, u64, Option<U256>), SendError> {
        let started = self.clock.monotonic();
        let mut claim: Option<Claim> = None;
        loop {
            let Look { head, latest, pending, ether } = match look.take() {
                Some(look) => look,
                None => self.look().await?,
            };
            let used = self.journal.reader().highest_included()?;
            let patience_ends = self.clock.monotonic().saturating_sub(started) >= self.patience.behind;
            match NextNonce::decide(latest, pending, used.map(|(nonce, _)| nonce.saturating_add(1))) {
                NextNonce::Use(nonce) => return Ok((head, nonce, ether)),
                NextNonce::Foreign { journal, chain } => {
                    let known = claim.take().filter(|claim| claim.chain == chain);
                    let made = known.unwrap_or(Claim { chain, looks: 0, since: head.number });
                    let made = Claim { looks: made.looks.saturating_add(1), ..made };
                    let agreed = made.looks >= LOOKS;
                    let old = agreed && (head.number > made.since || patience_ends);
                    let since = used.and_then(|(_, block)| block).unwrap_or_default();
                    if old || latest == chain && self.is_witnessed(chain, since, head).await {
                        tracing::warn!(
                            journal,
                            chain,
                            "somebody else has used this key; going on from the chain's nonce"
                        );
                        // The head may not hold yet what the other did. Take the next one's word.
                        return Ok((self.wire.head().await?, chain, ether));
                    }
                    claim = Some(made);
                    if agreed {
                        tokio::time::sleep(self.patience.poll).await;
                    }
                }
                NextNonce::Behind { journal, chain } => {
                    if patience_ends {
                        return Err(self.why_behind(head, (journal, chain)).await);
                    }
                    tracing::warn!(journal, chain, "the endpoints are behind; waiting");
                    tokio::time::sleep(self.patience.poll).await;
                }
            }
        }
    }

    /// A look at where chain and account stand.
    pub(super) async fn look(&self) -> Result<Look, ReadError> {
        let (wire, account) = (&self.wire, self.account());
        let (head, latest, pending, ether) = tokio::try_join!(
            wire.head(),
            wire.nonce(account, BlockNumberOrTag::Latest),
            wire.nonce(account, BlockNumberOrTag::Pending),
            async { Ok(wire.balance(account).await.ok()) },
        )?;
        Ok(Look { head, latest, pending, ether })
    }

    /// Endpoints that are behind for long are, or something counts as included in the journal that never was: that is put right,
    /// and stands in the way until it is settled.
    async fn why_behind(&self, head: BlockRef, (journal, chain): (u64, u64)) -> SendError {
        match reopen(&self.journal, &self.wire, head, self.stamp(head.timestamp)).await {
            Ok(reopened) if !reopened.is_empty() => {
                JournalError::Unresolved { ids: reopened.iter().map(|it| it.intent).collect() }.into()
            }
            Ok(_) => SendError::NonceBehind { journal, chain },
            Err(error) => error,
        }
    }

    /// Whether a block from `since` on holds a transaction of ours with the nonce before `chain`.
    async fn is_witnessed(&self, chain: u64, since: u64, head: BlockRef) -> bool {
        let (last, before) = (chain.saturating_sub(1), since.saturating_sub(1));
        matches!(user_of_nonce(&self.wire, self.account(), last, before, head.number).await, Ok(Some(_)))
    }
}
