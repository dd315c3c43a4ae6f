//! One watched account.

use std::{sync::Arc, time::Duration};

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, U256},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{HeadSnapshot, WatchContext, WatchError, ladder_record::Course, perp_book::PerpBook};
use crate::{
    actions::{Reconciled, settle_included},
    chain::Endpoints,
    journal::{Journal, JournalReader, Severity},
    loops::{KnownLoop, Observation, known_loops},
    send::{Sender, reconcile},
    trade::is_paused,
    units::{Bps, Secs, Wad, to_decimal},
    watchdog::{
        ladder::Attempt,
        ops::Alert,
        rules::{AccountFacts, Action, Firing, Levels, Memory, NonceFacts, Sources, evaluate},
    },
};

/// Time of the chain between two looks at the key's nonce; before an action the sender looks in any case.
const NONCE_EVERY: Secs = Secs(30);

/// A health factor within this of the trigger is near it: one per cent.
const NEAR_TRIGGER: Bps = Bps(100);

/// What a seat can do.
#[derive(Debug)]
pub enum SignerAccess {
    /// Signs and sends; boxed, a sender is large.
    Sender(Box<Sender<Endpoints>>),
    /// Looks on beside the one that signs, with its journal.
    Beside(Arc<Journal>),
    /// Only looks on; thresholds come from the journal where there is one.
    None(Option<Arc<JournalReader>>),
}

/// An account under watch.
#[derive(Debug)]
pub struct WatchedAccount {
    pub(super) office: Arc<WatchContext>,
    pub(super) account: Address,
    pub(super) hands: SignerAccess,
    pub(super) memory: Memory,
    pub(super) perps: PerpBook,
    /// As they were at the last head: perps are judged beside them, in their own time.
    pub(super) last_facts: Option<AccountFacts>,
    nonce_seen: Option<Secs>,
    /// When the course was last written down.
    pub(super) sampled: Option<Secs>,
    /// Block that holds the last action of ours: what older heads show is no longer so.
    pub(super) acted_in: Option<u64>,
    /// The chain counted fewer transactions of ours than the journal: a reorg, or an endpoint that lags.
    pub(super) is_behind: bool,
    /// Something gave way to a trim and may have left a transaction to be settled.
    pub(super) gave_way: bool,
    /// The rungs of the last ladders.
    pub(super) course: Course,
    /// What the last protective action came to, in words, until it is told.
    pub(super) came_of: Option<String>,
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ActionReport {
    /// What was wanted.
    pub action: Action,
    /// Rungs of the ladder, for a trim.
    pub attempts: Vec<Attempt>,
    /// Block of the transaction that did it; `None` when nothing was mined.
    pub mined_in: Option<u64>,
    /// In words.
    pub words: String,
}

/// What one head led to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HeadOutcome {
    /// The facts; `None` for an account too healthy to be read in full.
    pub facts: Option<AccountFacts>,
    /// Rules that fired.
    pub firings: Vec<Firing>,
    /// The most pressing action, and what came of it; `None` when there was nothing to do.
    pub acted: Option<ActionReport>,
    /// Actions on loops that protect nothing or are in no haste, still to be done; a trim at a newer head goes before them.
    #[serde(skip)]
    pub(super) due: Vec<Action>,
}

impl HeadOutcome {
    const fn without(facts: Option<AccountFacts>) -> Self {
        Self { facts, firings: Vec::new(), acted: None, due: Vec::new() }
    }
}

impl WatchedAccount {
    /// A seat that begins with nothing remembered.
    #[must_use]
    pub fn new(office: Arc<WatchContext>, account: Address, hands: SignerAccess) -> Self {
        Self {
            office,
            account,
            hands,
            memory: Memory::default(),
            perps: PerpBook::default(),
            last_facts: None,
            nonce_seen: None,
            sampled: None,
            acted_in: None,
            is_behind: false,
            gave_way: false,
            course: Course::default(),
            came_of: None,
        }
    }

    /// Gives the sender back, if it had one.
    #[must_use]
    pub fn release(self) -> Option<Sender<Endpoints>> {
        match self.hands {
            SignerAccess::Sender(sender) => Some(*sender),
            SignerAccess::Beside(_) | SignerAccess::None(_) => None,
        }
    }

    /// Whose it is.
    #[must_use]
    pub const fn account(&self) -> Address {
        self.account
    }

    /// Whether it can sign.
    #[must_use]
    pub const fn can_act(&self) -> bool {
        matches!(self.hands, SignerAccess::Sender(_))
    }

    pub(super) const fn sender(&self) -> Option<&Sender<Endpoints>> {
        match &self.hands {
            SignerAccess::Sender(sender) => Some(sender),
            SignerAccess::Beside(_) | SignerAccess::None(_) => None,
        }
    }

    pub(super) fn journal_reader(&self) -> Option<&JournalReader> {
        match &self.hands {
            SignerAccess::Sender(sender) => Some(sender.journal().reader()),
            SignerAccess::Beside(journal) => Some(journal.reader()),
            SignerAccess::None(reader) => reader.as_deref(),
        }
    }

    /// Settles what an earlier run left open, of loops and approvals. At the start, and whenever something is unresolved.
    /// What is at the perp venue waits for the venue, in a task of its own.
    pub async fn catch_up(&mut self) -> Result<(), WatchError> {
        let SignerAccess::Sender(sender) = &self.hands else { return Ok(()) };
        let (journal, office) = (sender.journal(), self.office.clone());
        let (endpoints, clock) = (&office.endpoints, &*office.clock);
        let findings = Box::pin(reconcile(journal, endpoints, clock)).await?;
        for finding in &findings {
            tracing::info!(account = %self.account, "{}", finding.words());
        }
        let mut done = Reconciled::default();
        // The intent stays as it is, and is no reason not to look at the next head.
        if let Err(error) = Box::pin(settle_included(journal, endpoints, clock, &mut done)).await {
            tracing::warn!(account = %self.account, %error, "not everything that is included is settled");
        }
        if !done.settled.is_empty() {
            self.memory.expect_change();
        }
        for left in &done.left {
            let text = format!(
                "a {} is included and its outcome is not recorded: {}; `trimtab journal reconcile` goes on with it",
                left.kind, left.reason
            );
            tracing::debug!(account = %self.account, intent = %left.intent, "not settled");
            let alert = Alert::new(Severity::Alert, "unsettled", left.kind.clone(), text);
            office.alerts.raise(alert.of(self.account));
        }
        Ok(())
    }

    /// One head: facts, rules, journal and alerts, then at most one action that protects; the others are left in
    /// `HeadOutcome::due`. Perps have no part in it.
    pub async fn turn(&mut self, seen: &HeadSnapshot) -> Result<HeadOutcome, WatchError> {
        let observation = &seen.observation;
        let head_age = self.office.clock.monotonic().saturating_sub(seen.first_seen);
        if !observation.near.contains_key(&self.account) {
            // Too healthy to matter: whatever was crossed is over.
            self.memory = Memory::default();
            self.office.calm.set(self.account, true);
            return Ok(HeadOutcome::without(None));
        }
        if self.has_unresolved()? || std::mem::take(&mut self.is_behind) {
            // What cannot be looked up now is looked up again before anything is signed.
            if let Err(error) = Box::pin(self.catch_up()).await {
                tracing::warn!(account = %self.account, %error, "what is open could not be looked up");
            }
        }
        let facts = self.facts(observation, head_age).await?;
        self.last_facts = Some(facts.clone());
        if self.is_older_than_acted(seen) {
            tracing::debug!(account = %self.account, block = observation.block.number, "older than what was done last");
            return Ok(HeadOutcome::without(Some(facts)));
        }
        let rulebook = self.office.rulebook();
        self.keep_fees(&rulebook);
        self.meter_gas(&facts);
        let evaluation = evaluate(&facts, &rulebook.watch, &self.memory);
        let is_calm = self.is_calm(&facts, &evaluation.actions)?;
        self.office.calm.set(self.account, is_calm);
        if observation.is_carried && !is_calm {
            // What is done is planned on what is read, not on what was carried forward.
            let again = Box::pin(self.read_at(seen.observation.block, seen.first_seen)).await?;
            return match again {
                Some(seen) => Box::pin(self.turn(&seen)).await,
                None => Ok(HeadOutcome::without(Some(facts))),
            };
        }
        self.memory = evaluation.memory;
        self.tell(&facts, &evaluation.firings);
        self.sample(&facts)?;
        let (mut due, protects): (Vec<Action>, Vec<Action>) = evaluation.actions.into_iter().partition(can_wait);
        let mut acted = None;
        if self.has_unresolved()? {
            acted = Box::pin(self.end_pending(&protects)).await?;
            if acted.is_some() {
                Box::pin(self.catch_up()).await?;
            }
        }
        if acted.is_none() {
            acted = Box::pin(self.act(&protects, seen, &facts)).await?;
        }
        self.note(&facts, acted.as_ref());
        if acted.is_some() {
            due.clear();
        }
        Ok(HeadOutcome { facts: Some(facts), firings: evaluation.firings, acted, due })
    }

    /// Whether nothing is due, nor near enough for every head to be read in full.
    fn is_calm(&self, facts: &AccountFacts, actions: &[Action]) -> Result<bool, WatchError> {
        let lowest = facts.at_feed.into_iter().chain(facts.at_pool).fold(facts.health_factor, Wad::min);
        let is_near = lowest < Levels::of(facts).trigger_with(NEAR_TRIGGER);
        let is_due = |action: &Action| match action {
            Action::Boost { .. } => !self.is_paused(),
            Action::Trim(_) | Action::Arm(_) | Action::Exit { .. } => true,
            Action::TightenStop { .. }
            | Action::TopUpMargin { .. }
            | Action::SwitchRpc
            | Action::ResyncNonce { .. } => false,
        };
        Ok(!is_near && !actions.iter().any(is_due) && !self.has_unresolved()?)
    }

    /// The action that a turn left to be done, the most pressing of them.
    pub(super) async fn finish(&mut self, turn: &mut HeadOutcome, seen: &HeadSnapshot) -> Result<(), WatchError> {
        let mut due = std::mem::take(&mut turn.due);
        if self.is_paused() {
            due.retain(|action| !matches!(action, Action::Boost { .. }));
        }
        let (Some(facts), false) = (&turn.facts, due.is_empty()) else { return Ok(()) };
        turn.acted = Box::pin(self.act(&due, seen, facts)).await?;
        self.note(facts, turn.acted.as_ref());
        Ok(())
    }

    /// Remembers and tells what was done to a loop.
    fn note(&mut self, facts: &AccountFacts, acted: Option<&ActionReport>) {
        if !acted.is_some_and(|acted| matches!(acted.action, Action::Trim(_))) {
            self.course = Course::default();
        }
        let Some(acted) = acted else { return };
        if let Some(block) = acted.mined_in {
            self.memory.done(&acted.action, facts.block.timestamp);
            self.acted_in = Some(block);
        }
        self.tell_acted(facts, acted);
    }

    /// Whether a head calls for a trim; used to call the sender away from something less pressing. Asks nobody.
    pub(super) fn is_pressed(&self, seen: &HeadSnapshot) -> bool {
        if !seen.observation.near.contains_key(&self.account) || self.is_older_than_acted(seen) {
            return false;
        }
        let head_age = self.office.clock.monotonic().saturating_sub(seen.first_seen);
        let Ok(facts) = self.loop_facts(&seen.observation, head_age) else { return false };
        let evaluation = evaluate(&facts, &self.office.rulebook().watch, &self.memory);
        evaluation.actions.iter().any(|action| matches!(action, Action::Trim(_)))
    }

    /// Whether a head is older than the block that holds our last action: what it shows is no longer so.
    fn is_older_than_acted(&self, seen: &HeadSnapshot) -> bool {
        self.acted_in.is_some_and(|block| seen.observation.block.number < block)
    }

    fn has_unresolved(&self) -> Result<bool, WatchError> {
        match &self.hands {
            SignerAccess::Sender(sender) => Ok(!sender.journal().reader().unresolved()?.is_empty()),
            SignerAccess::Beside(_) | SignerAccess::None(_) => Ok(false),
        }
    }

    /// Whether opening and adding risk is refused. A state that cannot be read counts as paused.
    pub(super) fn is_paused(&self) -> bool {
        self.journal_reader().is_some_and(|reader| is_paused(reader).unwrap_or(true))
    }

    pub(super) fn known_loops(&self) -> Result<Vec<KnownLoop>, WatchError> {
        let Some(reader) = self.journal_reader() else { return Ok(Vec::new()) };
        Ok(known_loops(reader)?)
    }

    pub(super) async fn facts(&mut self, seen: &Observation, head_age: Duration) -> Result<AccountFacts, WatchError> {
        let mut facts = self.loop_facts(seen, head_age)?;
        facts.nonce = self.nonce(seen.block.timestamp).await;
        facts.perps = self.perps.facts();
        Ok(facts)
    }

    /// The facts without perps and nonce: all that is in the observation, asking nobody.
    pub(super) fn loop_facts(&self, seen: &Observation, head_age: Duration) -> Result<AccountFacts, WatchError> {
        let Some(account) = seen.near.get(&self.account) else {
            return Err(WatchError::Read(crate::chain::ReadError::Malformed("the account was not read".to_owned())));
        };
        let rulebook = self.office.rulebook();
        let known = self.known_loops()?;
        let sources = Sources {
            market: &seen.market,
            account,
            pools: seen.pools(),
            feeds: &seen.feeds,
            known: &known,
            thresholds: &rulebook.thresholds,
            bounds: &rulebook.bounds,
            watch: &rulebook.watch,
        };
        let mut facts = AccountFacts::read(&sources, head_age)?;
        facts.gas = self.gas_facts(account.native, &seen.block);
        facts.free_usdc = to_decimal(account.holding(self.office.usdc).wallet, 6).unwrap_or_default();
        Ok(facts)
    }

    /// Where the key's nonce is, now and then; what cannot be read is looked at again at the next head.
    async fn nonce(&mut self, now: Secs) -> Option<NonceFacts> {
        // A reorg can lead back in time.
        if self.nonce_seen.is_some_and(|seen| seen <= now && now < seen.plus(NONCE_EVERY)) {
            return None;
        }
        let reader = self.sender()?.journal().reader();
        let expected = reader.highest_included().ok()??.0.saturating_add(1);
        let on_chain = self.office.endpoints.nonce(self.account, BlockNumberOrTag::Latest).await.ok()?;
        self.nonce_seen = Some(now);
        Some(NonceFacts { expected, on_chain })
    }

    /// Wei per gas that an action would pay now, as others were last told to pay; asks nobody.
    pub(super) fn gas_price(&self, seen: &Observation) -> U256 {
        self.office.endpoints.known_market(&seen.block).price(&self.office.rulebook().fees.trim)
    }
}

/// Whether an action protects nothing, or is in no haste.
const fn can_wait(action: &Action) -> bool {
    match action {
        Action::Exit { .. } | Action::Boost { .. } | Action::TightenStop { .. } | Action::TopUpMargin { .. } => true,
        Action::Arm(_) | Action::Trim(_) | Action::SwitchRpc | Action::ResyncNonce { .. } => false,
    }
}
