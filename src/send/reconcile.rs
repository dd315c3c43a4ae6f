//! After a crash, a lost connection or a reorg: what became of everything signed, told from the chain.

use std::time::Duration;

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ChainClient, SendError,
    lookup::{inclusion, user_of_nonce},
    witness::included,
};
use crate::{
    chain::{BlockRef, Clock, ReadError, Receipt, blocks_in},
    journal::{Intent, IntentFilter, IntentId, IntentState, Journal, JournalError, Stamp, TransactionRecord},
    units::Millis,
};

/// How far back a block that we took for settled is looked at again, where no endpoint says what is final.
const REORG_DEPTH: u64 = blocks_in(Duration::from_secs(128));

/// How far back one is looked at again whatever an endpoint says: deeper than Base's sequencer has ever gone back.
const ALWAYS_LOOKED_AT: u64 = blocks_in(Duration::from_secs(13));

/// How many ended intents are looked at again for reorgs.
const RECENT_INTENTS: u32 = 32;

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
#[non_exhaustive]
pub enum Verdict {
    /// Its transaction is in a block and went through.
    Mined {
        /// The transaction.
        hash: B256,
        /// The block.
        block: u64,
    },
    /// Its transaction is in a block and reverted.
    Reverted {
        /// The transaction.
        hash: B256,
        /// The block.
        block: u64,
    },
    /// It was taken back.
    Cancelled {
        /// The cancelling transaction.
        hash: B256,
        /// The block.
        block: u64,
    },
    /// The nonce was used by another transaction; this one can never be included.
    Superseded {
        /// The other one, where the endpoint's history reaches it.
        by: Option<B256>,
        /// The intent of ours that used it: one replaced by the other. `None` when it is not ours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_intent: Option<IntentId>,
    },
    /// Its transaction waits in a pool.
    Waiting {
        /// The transaction.
        hash: B256,
        /// Its nonce.
        nonce: u64,
    },
    /// Nobody knows its transaction, and the nonce is free: it was perhaps never sent, or a pool has dropped it. It can
    /// be sent again as it is, or its nonce used up; until then nothing new is signed.
    NotSeen {
        /// The transaction.
        hash: B256,
        /// Its nonce.
        nonce: u64,
    },
    /// The nonce is used and the endpoints cannot tell yet by whom.
    Undetermined {
        /// The nonce.
        nonce: u64,
    },
    /// The process ended before anything (more) of it was signed.
    NotSigned {
        /// Steps that had gone through.
        done: u32,
    },
}

/// What was found about one intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The intent.
    pub intent: IntentId,
    /// What it does.
    pub kind: String,
    /// The step spoken of, from 0.
    pub step: u32,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Whether a block that held it was reorganised away.
    pub reorganised: bool,
    /// Whether it was recorded as included and never was: an endpoint had reported so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub never_included: bool,
}

impl Finding {
    /// Whether it still keeps new actions from being signed.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.verdict, Verdict::Waiting { .. } | Verdict::NotSeen { .. } | Verdict::Undetermined { .. })
    }

    /// The transaction in a block that it speaks of, when that is one of ours.
    const fn included(&self) -> Option<B256> {
        match self.verdict {
            Verdict::Mined { hash, .. } | Verdict::Reverted { hash, .. } | Verdict::Cancelled { hash, .. } => {
                Some(hash)
            }
            Verdict::Superseded { by, by_intent: Some(_) } => by,
            _ => None,
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn words(&self) -> String {
        let what = match &self.verdict {
            Verdict::Mined { hash, block } => format!("went through: {hash} is in block {block}"),
            Verdict::Reverted { hash, block } => format!("reverted: {hash} is in block {block} and changed nothing"),
            Verdict::Cancelled { hash, block } => format!("was taken back by {hash} in block {block}"),
            Verdict::Superseded { by: Some(by), by_intent: Some(intent) } => {
                format!("never happens: its nonce was used by {by} of intent {intent}")
            }
            Verdict::Superseded { by: Some(by), by_intent: None } => {
                format!("never happens: its nonce was used by {by}, which this journal did not sign")
            }
            Verdict::Superseded { by: None, .. } => {
                "never happens: its nonce was used long ago by a transaction that is not ours".to_owned()
            }
            Verdict::Waiting { hash, nonce } => format!("is waiting to be included: {hash}, nonce {nonce}"),
            Verdict::NotSeen { hash, nonce } => format!(
                "was signed, but no endpoint knows {hash}, and nonce {nonce} is free: send it again as it is, or take it back"
            ),
            Verdict::Undetermined { nonce } => {
                format!("is not settled: nonce {nonce} is used, but the endpoints do not say by what; ask again later")
            }
            Verdict::NotSigned { done: 0 } => "was never signed: nothing was sent".to_owned(),
            Verdict::NotSigned { done } => format!("stopped after {done} steps; the rest was never signed"),
        };
        let reorg = match (self.reorganised, self.never_included) {
            (_, true) => " (an endpoint had reported it as included, which was false)",
            (true, false) => " (its earlier block was reorganised away)",
            (false, false) => "",
        };
        format!("{} {}, step {}: {what}{reorg}", self.kind, self.intent, self.step + 1)
    }
}

/// Settles whatever the journal has open, as far as the chain tells, and looks again at what was included lately.
/// Sends nothing and needs no key; doing it again finds the same. Not while a sender of this journal is executing.
pub async fn reconcile<W: ChainClient>(
    journal: &Journal,
    wire: &W,
    clock: &dyn Clock,
) -> Result<Vec<Finding>, SendError> {
    let head = wire.head().await?;
    let stamp = Stamp { block_time: head.timestamp, wall: Millis(clock.wall_millis()) };
    let reopened = reopen(journal, wire, head, stamp).await?;
    let mut findings = Vec::new();
    for intent in journal.reader().unresolved()? {
        let verdict = match overtaken(journal, &intent, &findings)? {
            Some(verdict) => verdict,
            None => settle(journal, wire, &intent, head, stamp).await?,
        };
        let (step, kind) = (intent.step, intent.kind);
        let is_it = |never: bool| reopened.iter().any(|it| it.intent == intent.id && it.never_included == never);
        let (reorganised, never_included) = (is_it(false), is_it(true));
        let finding = Finding { intent: intent.id, kind, step, verdict, reorganised, never_included };
        tracing::info!(intent = %finding.intent, "{}", finding.words());
        findings.push(finding);
    }
    findings.extend(close_unsigned(journal, stamp)?);
    Ok(findings)
}

/// An intent whose recorded inclusion does not hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reopened {
    pub(super) intent: IntentId,
    /// It never was in a block: an endpoint's report was false.
    never_included: bool,
}

/// Puts back among the pending ones what is in a block that is not the chain's any more, and what never was in one: its block
/// does not hold it, or its nonce is not used.
pub(super) async fn reopen<W: ChainClient>(
    journal: &Journal,
    wire: &W,
    head: BlockRef,
    stamp: Stamp,
) -> Result<Vec<Reopened>, SendError> {
    let states = vec![IntentState::Mined, IntentState::Failed, IntentState::Reconciled];
    let recent = IntentFilter { states, limit: Some(RECENT_INTENTS), ..IntentFilter::default() };
    let back = |blocks: u64| head.number.saturating_sub(blocks);
    // Whatever an endpoint calls final: the newest blocks are looked at in any case.
    let (finalized, unused) =
        tokio::join!(wire.finalized(), wire.nonce(journal.account(), BlockNumberOrTag::Number(head.number)));
    let settled = finalized.map_or_else(|| back(REORG_DEPTH), |final_| final_.min(back(ALWAYS_LOOKED_AT)));
    let unused = unused.ok();
    let mut reopened = Vec::new();
    for intent in journal.reader().intents(&recent)? {
        for record in journal.reader().transactions(intent.id)? {
            let (Some(hash), Some(known)) = (record.hash, record.inclusion) else { continue };
            // An account without code never gets a nonce back: however deep the block, the report was false.
            let is_unused = known.block_number <= head.number && unused.is_some_and(|unused| record.nonce >= unused);
            if known.block_number <= settled && !is_unused {
                continue;
            }
            // Above the head: the endpoint is behind, or the new chain is not that long yet. Either passes.
            let Some(content) = wire.block(known.block_number).await? else { continue };
            let is_listed = content.transactions.iter().any(|listed| listed.hash == hash);
            if content.block.hash != known.block_hash {
                journal.record_reorganised(hash, stamp)?;
                reopened.push(Reopened { intent: intent.id, never_included: false });
            } else if !is_listed {
                journal.record_never_included(hash, stamp)?;
                reopened.push(Reopened { intent: intent.id, never_included: true });
            }
        }
    }
    Ok(reopened)
}

/// Whether what was found about another intent has settled this one: of two on one nonce at most one is included.
fn overtaken(journal: &Journal, intent: &Intent, findings: &[Finding]) -> Result<Option<Verdict>, SendError> {
    let reader = journal.reader();
    if reader.intent_state(intent.id)?.is_unresolved() {
        return Ok(None);
    }
    let nonces: Vec<u64> = reader.transactions(intent.id)?.into_iter().map(|record| record.nonce).collect();
    for hash in findings.iter().filter_map(Finding::included) {
        let winner = reader.transaction(hash)?;
        if winner.intent == intent.id {
            // The other one's nonce led to it: its own block tells.
            return Ok(None);
        }
        if nonces.contains(&winner.nonce) {
            return Ok(Some(Verdict::Superseded { by: Some(hash), by_intent: Some(winner.intent) }));
        }
    }
    Ok(None)
}

async fn settle<W: ChainClient>(
    journal: &Journal,
    wire: &W,
    intent: &Intent,
    head: BlockRef,
    stamp: Stamp,
) -> Result<Verdict, SendError> {
    let account = journal.account();
    let records = journal.reader().transactions(intent.id)?;
    let signed: Vec<(&TransactionRecord, B256)> = records
        .iter()
        .filter(|record| record.step == intent.step)
        .filter_map(|record| Some((record, record.hash?)))
        .collect();
    // One that was refused, or given up for another, can be the one included.
    for (record, hash) in signed.iter().rev() {
        if let Some(receipt) = included(wire, *hash).await? {
            return include(journal, record, &receipt, account, stamp);
        }
    }
    let pending: Vec<(&TransactionRecord, B256)> =
        signed.iter().copied().filter(|(record, _)| record.state.is_pending()).collect();
    let Some((newest, hash)) = pending.last().copied() else { return Ok(Verdict::NotSigned { done: intent.step }) };
    let nonce = newest.nonce;
    if wire.nonce(account, BlockNumberOrTag::Latest).await? > nonce {
        let user = match find_user(wire, account, nonce, head.number).await? {
            User::Found(by) if signed.iter().any(|(_, ours)| *ours == by) => None,
            User::Found(by) if known(journal, by)?.is_some() => {
                return replaced_by(journal, wire, by, (nonce, account), stamp).await;
            }
            User::Found(by) => Some(Some(by)),
            User::LongAgo if !any_known(wire, &signed).await? => Some(None),
            User::LongAgo | User::NotFound => None,
        };
        let Some(by) = user else { return Ok(Verdict::Undetermined { nonce }) };
        let reason = by.map_or_else(
            || format!("nonce {nonce} was used long ago by a transaction that is not ours"),
            |by| format!("nonce {nonce} was used by {by}, which is not ours"),
        );
        for (_, hash) in &pending {
            journal.record_dropped(*hash, &reason, stamp)?;
        }
        return Ok(Verdict::Superseded { by, by_intent: None });
    }
    for (_, hash) in pending.iter().rev() {
        if wire.is_known(*hash).await? {
            journal.record_sent(*hash, stamp)?;
            return Ok(Verdict::Waiting { hash: *hash, nonce });
        }
    }
    journal.record_unknown(hash, "no endpoint knows it, and its nonce is not used", stamp)?;
    Ok(Verdict::NotSeen { hash, nonce })
}

/// The journal's record of a transaction, if it is one of ours.
fn known(journal: &Journal, hash: B256) -> Result<Option<TransactionRecord>, SendError> {
    match journal.reader().transaction(hash) {
        Ok(record) => Ok(Some(record)),
        Err(JournalError::UnknownTransaction(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The nonce went to another intent of ours: recording that ends this one.
async fn replaced_by<W: ChainClient>(
    journal: &Journal,
    wire: &W,
    by: B256,
    (nonce, account): (u64, Address),
    stamp: Stamp,
) -> Result<Verdict, SendError> {
    let (Some(record), Some(receipt)) = (known(journal, by)?, included(wire, by).await?) else {
        return Ok(Verdict::Undetermined { nonce });
    };
    include(journal, &record, &receipt, account, stamp)?;
    Ok(Verdict::Superseded { by: Some(by), by_intent: Some(record.intent) })
}

fn include(
    journal: &Journal,
    record: &TransactionRecord,
    receipt: &Receipt,
    account: Address,
    stamp: Stamp,
) -> Result<Verdict, SendError> {
    let (hash, block) = (receipt.transaction, receipt.block_number);
    let (verdict, reason) = if record.to == Some(account) {
        (Verdict::Cancelled { hash, block }, Some("it was taken back"))
    } else if receipt.success {
        (Verdict::Mined { hash, block }, None)
    } else {
        (Verdict::Reverted { hash, block }, Some("reverted"))
    };
    journal.record_included(hash, &inclusion(receipt), reason, stamp)?;
    Ok(verdict)
}

async fn any_known<W: ChainClient>(wire: &W, signed: &[(&TransactionRecord, B256)]) -> Result<bool, ReadError> {
    for (_, hash) in signed {
        if wire.is_known(*hash).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who used a nonce.
enum User {
    /// This transaction.
    Found(B256),
    /// It was used deeper than any reorg reaches, and the endpoint's history ends there.
    LongAgo,
    /// The endpoint cannot tell.
    NotFound,
}

/// Goes back from the head in doubling strides to a block where the nonce was free, then looks in between.
async fn find_user<W: ChainClient>(wire: &W, account: Address, nonce: u64, head: u64) -> Result<User, ReadError> {
    let mut stride = 1u64;
    loop {
        let below = head.saturating_sub(stride);
        match wire.nonce(account, BlockNumberOrTag::Number(below)).await {
            Ok(at) if at <= nonce => {
                let user = user_of_nonce(wire, account, nonce, below, head).await?;
                return Ok(user.map_or(User::NotFound, User::Found));
            }
            Ok(_) if below == 0 => return Ok(User::NotFound),
            Ok(_) => stride = stride.saturating_mul(2),
            Err(error) if error.is_transient() && stride <= REORG_DEPTH => return Err(error),
            Err(_) if stride > REORG_DEPTH => return Ok(User::LongAgo),
            Err(_) => return Ok(User::NotFound),
        }
    }
}

/// Closes intents whose process ended between a plan and a signature.
fn close_unsigned(journal: &Journal, stamp: Stamp) -> Result<Vec<Finding>, SendError> {
    let states = vec![IntentState::Planned, IntentState::Approved, IntentState::Simulated, IntentState::Mined];
    let candidates = journal.reader().intents(&IntentFilter { states, ..IntentFilter::default() })?;
    let mut findings = Vec::new();
    for intent in candidates {
        let is_mined = intent.state == IntentState::Mined;
        // Practice signs nothing: its intents rest in these states.
        if intent.paper || (is_mined && intent.step + 1 >= intent.steps) {
            continue;
        }
        let done = intent.step + u32::from(is_mined);
        journal.record_refused(intent.id, "the process ended before the rest was signed", stamp)?;
        let verdict = Verdict::NotSigned { done };
        findings.push(Finding {
            intent: intent.id,
            kind: intent.kind,
            step: done,
            verdict,
            reorganised: false,
            never_included: false,
        });
    }
    Ok(findings)
}
