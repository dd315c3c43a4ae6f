//! The perps of a seat: judged when their reader brings something new, never while a head waits.

use std::sync::Arc;

use super::{
    ActionReport, HeadOutcome, WatchError, WatchedAccount,
    account::SignerAccess,
    perp_reader::{MAX_AGE, PerpReader, PerpReading, Records, is_open},
};
use crate::{
    config::Urgency,
    journal::{self, IntentId, IntentState, PositionId},
    perps::{self, Change, Interest, Level, MarginChange, PerpRequest, PerpSettings, PriceE10, Usdc},
    plan::check,
    units::{Millis, Secs},
    watchdog::rules::{AccountFacts, Action, PerpFacts, evaluate_perps},
};

/// How long a plan on the venue is valid; its price update ages faster.
const VALID_FOR: Secs = Secs(30);

impl WatchedAccount {
    /// Who reads this account's perps; `None` where there is no venue, or no journal that knows any.
    pub(super) fn perp_reader(&self) -> Option<PerpReader> {
        let venue = self.office.venue.clone()?;
        let records = match &self.hands {
            SignerAccess::Sender(sender) => Records::Writes(sender.shared_journal()),
            SignerAccess::None(Some(reader)) => Records::Reads(reader.clone()),
            SignerAccess::Beside(_) | SignerAccess::None(None) => return None,
        };
        Some(PerpReader::new(self.office.clone(), self.account, venue, records))
    }

    /// Judges what was read of the perps; the actions are for [`Self::act_on_perps`]. `None` when there is nothing to be
    /// judged by: no head was seen yet, or the reading is older than what was done last.
    pub(super) fn judge_perps(&mut self, reading: &PerpReading) -> Option<(HeadOutcome, Vec<Action>)> {
        self.perps.take(reading);
        let age = self.office.clock.monotonic().saturating_sub(reading.at);
        if reading.block < self.perps.acted_in || age > MAX_AGE || self.is_unfinished() {
            return None;
        }
        // Only what was read just now is judged; what is known from earlier is kept for its memory.
        let facts = AccountFacts { perps: self.perps.facts(), ..self.last_facts.clone()? };
        let read = |perp: &PerpFacts| reading.keys.contains_key(&perp.id);
        let judged = facts.perps.iter().filter(|perp| read(perp)).cloned().collect();
        let judged = AccountFacts { perps: judged, ..facts.clone() };
        if judged.perps.is_empty() {
            return None;
        }
        let evaluation = evaluate_perps(&judged, &self.office.rulebook().watch, &self.memory);
        self.memory = evaluation.memory;
        self.tell(&judged, &evaluation.firings);
        let turn = HeadOutcome { facts: Some(facts), firings: evaluation.firings, acted: None, due: Vec::new() };
        Some((turn, evaluation.actions))
    }

    /// The most pressing of these actions. All of it may be dropped at any wait, when a trim is due.
    pub(super) async fn act_on_perps(&mut self, actions: &[Action], turn: &mut HeadOutcome) -> Result<(), WatchError> {
        let (Some(action), Some(facts)) = (actions.first(), &turn.facts) else { return Ok(()) };
        let acted = Box::pin(self.act_on_perp(action)).await?;
        if acted.mined_in.is_some() {
            self.memory.done(action, facts.block.timestamp);
        }
        self.tell_acted(facts, &acted);
        turn.acted = Some(acted);
        Ok(())
    }

    /// For one look: reads, judges and acts, after everything else. What was read in vain changes nothing.
    pub(super) async fn look_at_perps(&mut self, turn: &mut HeadOutcome) -> Result<(), WatchError> {
        let Some(mut reader) = self.perp_reader() else { return Ok(()) };
        let Some(reading) = Box::pin(reader.look()).await else { return Ok(()) };
        let Some((mut judged, actions)) = self.judge_perps(&reading) else { return Ok(()) };
        if turn.acted.is_none() {
            Box::pin(self.act_on_perps(&actions, &mut judged)).await?;
            turn.acted = judged.acted;
        }
        turn.firings.extend(judged.firings);
        turn.facts = judged.facts;
        Ok(())
    }

    /// Moves a stop nearer, or adds margin.
    pub(super) async fn act_on_perp(&mut self, action: &Action) -> Result<ActionReport, WatchError> {
        let acted = |mined_in, words| ActionReport { action: action.clone(), attempts: Vec::new(), mined_in, words };
        let office = self.office.clone();
        let (perp, request) = match action {
            Action::TightenStop { perp, stop } => {
                let to = PriceE10::from_decimal(stop.round_dp(10)).map(|stop| Change::To(Level::Price(stop)));
                (perp, to.map(|stop| (stop, None)))
            }
            Action::TopUpMargin { perp, amount } => {
                let amount = Usdc::from_decimal(amount.round_dp(6));
                (perp, amount.map(|amount| (Change::Keep, Some(amount))))
            }
            _ => return Ok(acted(None, "not an action on a perp".to_owned())),
        };
        let (Some(venue), Some(key), Some((stop, margin))) =
            (&office.venue, self.perps.keys.get(perp).copied(), request)
        else {
            return Ok(acted(None, format!("perp {perp} was not read lately")));
        };
        let request = match margin {
            Some(amount) => PerpRequest::Margin { position: key, change: MarginChange::Add(amount) },
            None => PerpRequest::Levels { position: key, stop, target: Change::Keep },
        };
        let snapshot = match venue.snapshot(self.account, &Interest::default()).await {
            Ok(snapshot) => snapshot,
            Err(error) => return Ok(acted(None, format!("perp {perp}: the venue cannot be read: {error}"))),
        };
        let now = Millis(office.clock.wall_millis());
        let id = IntentId::derive(now, format!("{request:?} {} {}", snapshot.block.hash, self.account).as_bytes());
        let settings = PerpSettings {
            id: id.to_string(),
            network: office.network.clone(),
            // Not one of the classes that protect a loop: a trim takes the place of it, and waits for none of it.
            urgency: Urgency::Open,
            valid_for: VALID_FOR,
            gas_price: snapshot.block.base_fee,
        };
        let planned = match venue.plan(&request, &snapshot, &settings).await {
            Ok(planned) => planned,
            Err(error) => return Ok(acted(None, format!("perp {perp}: not planned: {error}"))),
        };
        let headline = planned.headline.clone();
        let approved = match check(planned, &office.network, snapshot.block.timestamp) {
            Ok(approved) => approved,
            Err(refusal) => return Ok(acted(None, format!("perp {perp}: refused: {refusal}"))),
        };
        let SignerAccess::Sender(sender) = &mut self.hands else {
            return Ok(acted(None, format!("perp {perp}: this account is only watched: no key")));
        };
        if office.shadow {
            return Ok(acted(None, format!("perp {perp}: shadow: would have sent `{headline}`")));
        }
        self.perps.unfinished = Some((id, action.clone()));
        let execution = perps::execute(sender, &**venue, &*office.clock, approved, office.order_patience());
        let result = Box::pin(execution).await;
        self.perps.unfinished = None;
        Ok(match result {
            Ok(report) if report.outcome.is_mined() => {
                let block = report.outcome.done.last().map(|step| step.receipt.block_number);
                self.count(action, block.unwrap_or_default());
                acted(block, format!("perp {perp}: {headline}: mined"))
            }
            Ok(report) => acted(None, format!("perp {perp}: {headline}: {}", (office.words)(&report.outcome))),
            Err(error) => acted(None, format!("perp {perp}: {headline}: {error}")),
        })
    }

    /// Whether an action that gave way to a trim has no end yet; one that has is counted.
    fn is_unfinished(&mut self) -> bool {
        let (Some((id, action)), Some(sender)) = (self.perps.unfinished.clone(), self.sender()) else { return false };
        let reader = sender.journal().reader();
        match reader.intent(id).map(|intent| (intent.state, intent.step + 1 >= intent.steps)) {
            Ok((state, _)) if state.is_unresolved() => return true,
            Ok((IntentState::Mined | IntentState::Reconciled, true)) => {
                let included = reader.transactions(id).unwrap_or_default().into_iter();
                let block =
                    included.filter_map(|record| Some(record.inclusion?.block_number)).max().unwrap_or_default();
                self.count(&action, block);
                let now = self.last_facts.as_ref().map_or(Secs(0), |facts| facts.block.timestamp);
                self.memory.done(&action, now);
            }
            _ => {}
        }
        self.perps.unfinished = None;
        false
    }

    /// Remembers what was done to a perp; a use of the loss guard with the position, so that it survives a restart.
    fn count(&mut self, action: &Action, block: u64) {
        self.perps.acted_in = self.perps.acted_in.max(block);
        if let Action::TopUpMargin { perp, amount } = action {
            let sum = self.perps.topped_up.entry(perp.clone()).or_default();
            *sum = sum.saturating_add(*amount);
        }
        let (Action::TightenStop { perp, .. }, SignerAccess::Sender(sender)) = (action, &self.hands) else { return };
        let Ok(id) = perp.parse::<PositionId>() else { return };
        let journal = sender.journal();
        let Ok(Some(position)) = journal.reader().perp(id) else { return };
        let terms = journal::PerpTerms { guard_uses: position.terms.guard_uses.saturating_add(1), ..position.terms };
        let at = journal::Stamp { wall: Millis(self.office.clock.wall_millis()), ..position.updated };
        if let Err(error) = journal.update_perp(id, &terms, at)
            && is_open(journal.reader(), perp)
        {
            tracing::error!(%error, "the use of the loss guard could not be counted");
        }
    }
}

/// The newest reading, as the reader's task hands it over.
pub(super) type Readings = tokio::sync::watch::Receiver<Option<Arc<PerpReading>>>;
