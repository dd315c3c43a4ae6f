//! One watched account.

use std::{sync::Arc, time::Duration};

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, U256},
};
use serde::Serialize;

use super::{Office, Seen, WatchError, perps::PerpBook};
use crate::{
    chain::Endpoints,
    journal::{IntentFilter, IntentState, JournalReader, Stamp},
    loops::{KnownLoop, Observation, settle},
    perps,
    send::{Sender, reconcile},
    units::{Millis, to_decimal},
    watchdog::{
        ladder::Attempt,
        rules::{AccountFacts, Action, Firing, Memory, NonceFacts, PerpFacts, Sources, evaluate},
    },
};

/// How many heads go by between two looks at the key's nonce; before an action the sender looks in any case.
const NONCE_EVERY: u64 = 15;

/// What a seat can do.
#[derive(Debug)]
pub enum Hands {
    /// Signs and sends; boxed, a sender is large.
    Sender(Box<Sender<Endpoints>>),
    /// Only looks on; thresholds come from the journal where there is one.
    None(Option<JournalReader>),
}

/// An account under watch.
#[derive(Debug)]
pub struct Seat {
    pub(super) office: Arc<Office>,
    pub(super) account: Address,
    pub(super) hands: Hands,
    pub(super) memory: Memory,
    pub(super) perps: PerpBook,
    /// As they were at the last sealed head.
    perps_seen: Vec<PerpFacts>,
    nonce_seen: u64,
    /// Block that holds the last action of ours: what older heads show is no longer so.
    pub(super) acted_in: Option<u64>,
    /// The chain counted fewer transactions of ours than the journal: a reorg, or an endpoint that lags.
    pub(super) is_behind: bool,
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Acted {
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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// The facts; `None` for an account too healthy to be read in full.
    pub facts: Option<AccountFacts>,
    /// Rules that fired.
    pub firings: Vec<Firing>,
    /// The most pressing action, and what came of it; `None` when there was nothing to do.
    pub acted: Option<Acted>,
}

impl Seat {
    /// A seat that begins with nothing remembered.
    #[must_use]
    pub fn new(office: Arc<Office>, account: Address, hands: Hands) -> Self {
        Self {
            office,
            account,
            hands,
            memory: Memory::default(),
            perps: PerpBook::default(),
            perps_seen: Vec::new(),
            nonce_seen: 0,
            acted_in: None,
            is_behind: false,
        }
    }

    /// Gives the sender back, if it had one.
    #[must_use]
    pub fn release(self) -> Option<Sender<Endpoints>> {
        match self.hands {
            Hands::Sender(sender) => Some(*sender),
            Hands::None(_) => None,
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
        matches!(self.hands, Hands::Sender(_))
    }

    pub(super) const fn sender(&self) -> Option<&Sender<Endpoints>> {
        match &self.hands {
            Hands::Sender(sender) => Some(sender),
            Hands::None(_) => None,
        }
    }

    pub(super) fn journal_reader(&self) -> Option<&JournalReader> {
        match &self.hands {
            Hands::Sender(sender) => Some(sender.journal().reader()),
            Hands::None(reader) => reader.as_ref(),
        }
    }

    /// Settles what an earlier run left open. At the start, and whenever something is unresolved.
    pub async fn catch_up(&mut self) -> Result<(), WatchError> {
        let Hands::Sender(sender) = &self.hands else { return Ok(()) };
        let journal = sender.journal();
        if let Some(venue) = &self.office.venue
            && let Err(error) = perps::resume(journal, &self.office.endpoints, venue, &*self.office.clock).await
        {
            tracing::warn!(account = %self.account, %error, "perp orders could not be looked up");
        }
        let findings = Box::pin(reconcile(journal, &self.office.endpoints, &*self.office.clock)).await?;
        for finding in &findings {
            tracing::info!(account = %self.account, "{}", finding.words());
        }
        let mined = IntentFilter { states: vec![IntentState::Mined], ..IntentFilter::default() };
        for intent in journal.reader().intents(&mined)? {
            if intent.step + 1 < intent.steps {
                continue;
            }
            let head = crate::chain::Reader::head(&self.office.endpoints).await?;
            let stamp = Stamp { block_time: head.timestamp, wall: Millis(self.office.clock.wall_millis()) };
            Box::pin(settle(journal, &self.office.endpoints, intent.id, stamp)).await?;
            self.memory.expect_change();
        }
        Ok(())
    }

    /// One head: facts, rules, journal and alerts, then at most one action.
    pub async fn turn(&mut self, seen: &Seen) -> Result<Turn, WatchError> {
        let observation = &seen.observation;
        let head_age = self.office.clock.monotonic().saturating_sub(seen.first_seen);
        if !observation.near.contains_key(&self.account) {
            // Too healthy to matter: whatever was crossed is over.
            self.memory = Memory::default();
            return Ok(Turn { facts: None, firings: Vec::new(), acted: None });
        }
        if self.has_unresolved()? || std::mem::take(&mut self.is_behind) {
            Box::pin(self.catch_up()).await?;
        }
        let facts = self.facts(observation, head_age).await?;
        if self.acted_in.is_some_and(|block| observation.block.number < block) {
            tracing::debug!(account = %self.account, block = observation.block.number, "older than what was done last");
            return Ok(Turn { facts: Some(facts), firings: Vec::new(), acted: None });
        }
        let rulebook = self.office.rulebook();
        self.keep_fees(&rulebook);
        self.meter_gas(&facts);
        let evaluation = evaluate(&facts, &rulebook.watch, &self.memory);
        self.memory = evaluation.memory;
        self.tell(&facts, &evaluation.firings);
        self.sample(&facts)?;
        let mut acted = None;
        if self.has_unresolved()? {
            acted = Box::pin(self.end_pending(&evaluation.actions)).await?;
            if acted.is_some() {
                Box::pin(self.catch_up()).await?;
            }
        }
        if acted.is_none() {
            acted = Box::pin(self.act(&evaluation.actions, seen, &facts)).await?;
        }
        self.note(&facts, acted.as_ref());
        Ok(Turn { facts: Some(facts), firings: evaluation.firings, acted })
    }

    /// A part of a block that is not sealed yet: when it calls for a trim, that is all that is done about it. Everything else
    /// waits for the sealed block, and so does a seat that follows something already; `None` then.
    pub async fn turn_ahead(&mut self, seen: &Seen) -> Result<Option<Turn>, WatchError> {
        let part = seen.observation.block.number;
        let is_answered = self.acted_in.is_some_and(|block| part <= block);
        if is_answered || !seen.observation.near.contains_key(&self.account) || self.has_unresolved()? {
            return Ok(None);
        }
        let head_age = self.office.clock.monotonic().saturating_sub(seen.first_seen);
        let mut facts = self.loop_facts(&seen.observation, head_age)?;
        facts.perps.clone_from(&self.perps_seen);
        let evaluation = evaluate(&facts, &self.office.rulebook().watch, &self.memory);
        let Some(trim) = evaluation.actions.into_iter().find(|action| matches!(action, Action::Trim(_))) else {
            return Ok(None);
        };
        self.memory = evaluation.memory;
        self.tell(&facts, &evaluation.firings);
        let acted = Box::pin(self.act(&[trim], seen, &facts)).await?;
        self.note(&facts, acted.as_ref());
        Ok(Some(Turn { facts: Some(facts), firings: evaluation.firings, acted }))
    }

    /// Remembers and tells what was done.
    fn note(&mut self, facts: &AccountFacts, acted: Option<&Acted>) {
        let Some(acted) = acted else { return };
        if let Some(block) = acted.mined_in {
            self.memory.done(&acted.action, block);
            self.acted_in = Some(block);
        }
        self.tell_acted(facts, acted);
    }

    /// Whether a newer head calls for a trim; used to call the sender away from something less pressing.
    pub(super) async fn is_pressed(&mut self, seen: &Seen) -> Result<bool, WatchError> {
        if !seen.observation.near.contains_key(&self.account) {
            return Ok(false);
        }
        let head_age = self.office.clock.monotonic().saturating_sub(seen.first_seen);
        let facts = self.facts(&seen.observation, head_age).await?;
        let evaluation = evaluate(&facts, &self.office.rulebook().watch, &self.memory);
        Ok(evaluation.actions.iter().any(|action| matches!(action, Action::Trim(_))))
    }

    fn has_unresolved(&self) -> Result<bool, WatchError> {
        match &self.hands {
            Hands::Sender(sender) => Ok(!sender.journal().reader().unresolved()?.is_empty()),
            Hands::None(_) => Ok(false),
        }
    }

    pub(super) fn known_loops(&self) -> Result<Vec<KnownLoop>, WatchError> {
        let Some(reader) = self.journal_reader() else { return Ok(Vec::new()) };
        let loops = reader.open_loops()?;
        // Thresholds that cannot be read fall back to those of the class; `status` says so in full.
        let known = loops.into_iter().filter(|position| !position.paper).filter_map(|position| {
            let thresholds = serde_json::from_value(position.terms.thresholds.clone()).ok()?;
            Some(KnownLoop { position, thresholds })
        });
        Ok(known.collect())
    }

    pub(super) async fn facts(&mut self, seen: &Observation, head_age: Duration) -> Result<AccountFacts, WatchError> {
        let mut facts = self.loop_facts(seen, head_age)?;
        facts.nonce = self.nonce(seen.block.number).await;
        facts.perps = Box::pin(self.perp_facts(seen.block)).await;
        self.perps_seen.clone_from(&facts.perps);
        Ok(facts)
    }

    /// The facts without perps and nonce: all that is in the observation, asking nobody.
    fn loop_facts(&self, seen: &Observation, head_age: Duration) -> Result<AccountFacts, WatchError> {
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
    async fn nonce(&mut self, block: u64) -> Option<NonceFacts> {
        if block < self.nonce_seen.saturating_add(NONCE_EVERY) && block >= self.nonce_seen && self.nonce_seen != 0 {
            return None;
        }
        let reader = self.sender()?.journal().reader();
        let expected = reader.highest_included().ok()??.0.saturating_add(1);
        let on_chain = self.office.endpoints.nonce(self.account, BlockNumberOrTag::Latest).await.ok()?;
        self.nonce_seen = block;
        Some(NonceFacts { expected, on_chain })
    }

    /// Wei per gas that an action would pay now.
    pub(super) async fn gas_price(&self, seen: &Observation) -> Result<U256, WatchError> {
        let market = self.office.endpoints.fee_market(&seen.block).await;
        // Without a fee market the block's own base fee is near enough to rank routes with.
        Ok(market.map_or(seen.block.base_fee, |market| market.price(&self.office.rulebook().fees.trim)))
    }
}
