//! What a saga writes into the journal as it goes from phase to phase.

use rust_decimal::Decimal;
use serde_json::json;

use super::{
    Executor, Facts, Held, OrderFact, Phase, Role, SagaError, SagaState, others::governor, state::json as written,
};
use crate::{
    journal::{
        Event, IntentId, Journal, JournalError, NewPerp, OrderState, PerpEntry, PerpSide, PerpTerms, PositionId,
        Severity, Stamp,
    },
    perps::{Ending, OpenedRecord, OrderRecord, Side},
    strategy::{Closed, GovernorState},
    trade::TradeContext,
    units::Secs,
};

/// Writes an event.
pub(super) fn event(
    journal: &Journal,
    (severity, kind): (Severity, &str),
    reason: String,
    saga: Option<&str>,
    at: Stamp,
) -> Result<(), SagaError> {
    let (kind, saga) = (kind.to_owned(), saga.map(ToOwned::to_owned));
    let event = Event { severity, kind, reason, figures: json!({}), intent: None, position: None, saga, at };
    // An event about a signal that was not taken names it in its reason only.
    let known = match &event.saga {
        Some(id) => journal.reader().saga(id)?.is_some(),
        None => false,
    };
    let event = if known { event } else { unlinked(event) };
    Ok(journal.append_event(&event)?)
}

fn unlinked(event: Event) -> Event {
    let reason = match &event.saga {
        Some(id) => format!("signal {id}: {}", event.reason),
        None => event.reason,
    };
    Event { saga: None, reason, ..event }
}

/// Writes the state as it is.
pub(super) fn save(journal: &Journal, state: &SagaState, at: Stamp) -> Result<(), SagaError> {
    let value = written(state, &state.signal.id)?;
    Ok(journal.update_saga(&state.signal.id, state.phase.as_str(), &value, at)?)
}

/// Enters a phase: what belongs to it is written first, the phase last; a leg's intent is linked before the phase, so
/// that whatever comes of it is found.
pub(super) async fn enter(
    desk: &TradeContext,
    hand: &Executor<'_>,
    state: &SagaState,
    phase: Phase,
    facts: &Facts,
) -> Result<SagaState, SagaError> {
    fail::fail_point!(&format!("saga-before-{}", phase.as_str()));
    let stamp = desk.stamp().await?;
    let journal = hand.journal();
    let mut after = state.entered(phase, facts);
    if let Some((role, attempt)) = phase.leg() {
        journal.link_intent(&state.signal.id, state.intent(role, attempt), role.as_str())?;
    }
    cancelled(journal, desk.venue()?.name(), state, facts, stamp)?;
    let governed = match phase {
        Phase::Held => {
            let held = after.position.take().ok_or(SagaError::Unfit("the position"))?;
            let id = opened(desk, journal, &after, &held, stamp)?;
            after.position = Some(Held { id: Some(id), ..held });
            Some(governor(desk, journal.reader(), state.paper).await?.opened())
        }
        Phase::Ended => {
            let ending = after.ending.as_ref().ok_or(SagaError::Unfit("the ending"))?;
            let pnl = net(state.margin, ending)?;
            close(journal, state, ending, stamp)?;
            let governor = governor(desk, journal.reader(), state.paper).await?;
            let closed = Closed { pnl, at: Secs(desk.clock.wall_millis() / 1_000) };
            Some(governor.closed(closed, &desk.settings.governor).ok_or(SagaError::Unfit("the governor's state"))?)
        }
        _ => None,
    };
    fail::fail_point!(&format!("saga-within-{}", phase.as_str()));
    match governed {
        Some(governor) => save_governed(journal, &after, &governor, stamp)?,
        None => save(journal, &after, stamp)?,
    }
    tracing::info!(signal = %state.signal.id, from = state.phase.as_str(), to = phase.as_str(), "saga");
    fail::fail_point!(&format!("saga-after-{}", phase.as_str()));
    Ok(after)
}

/// State and governor in one write: a trade is counted once, whenever the process ends.
fn save_governed(journal: &Journal, state: &SagaState, governor: &GovernorState, at: Stamp) -> Result<(), SagaError> {
    let id = &state.signal.id;
    let (value, governor) = (written(state, id)?, written(governor, id)?);
    Ok(journal.update_saga_and_governor(id, state.phase.as_str(), &value, &governor, at)?)
}

/// What the trader has more than before the trade, USDC; gas not counted.
pub(super) fn net(margin: Decimal, ending: &Ending) -> Result<Decimal, SagaError> {
    let paid = ending.fill.paid.to_decimal().ok_or(SagaError::Unfit("what was paid"))?;
    paid.checked_sub(margin).ok_or(SagaError::Unfit("the result"))
}

/// Records that the perp's order was cancelled, once.
pub(super) fn cancelled(
    journal: &Journal,
    venue: &str,
    state: &SagaState,
    facts: &Facts,
    at: Stamp,
) -> Result<(), SagaError> {
    let OrderFact::Cancelled { order, reason } = &facts.order else { return Ok(()) };
    if let Some(known) = journal.reader().order(venue, &order.id)?
        && !known.state.is_final()
    {
        journal.resolve_order(venue, &order.id, OrderState::Cancelled, Some(reason), None, at)?;
        event(journal, (Severity::Warning, "perp-cancelled"), reason.clone(), Some(&state.signal.id), at)?;
    }
    Ok(())
}

/// Records the open perp and the order's answer; both may be there already.
fn opened(
    desk: &TradeContext,
    journal: &Journal,
    state: &SagaState,
    held: &Held,
    at: Stamp,
) -> Result<PositionId, SagaError> {
    let (signal, fill, venue) = (&state.signal, &held.fill, desk.venue()?.name());
    let order = state.order.as_ref().map(|order| order.id.clone());
    let kept = match &order {
        Some(order) => journal.reader().order(venue, order)?.map(|order| order.predicted),
        None => None,
    };
    let kept = kept.and_then(|kept| serde_json::from_value::<OrderRecord>(kept).ok());
    let predicted = match kept {
        Some(OrderRecord { subject, .. }) => written(&OpenedRecord { subject, fill: fill.clone() }, &signal.id)?,
        None => written(&state.forecast, &signal.id)?,
    };
    let margin = crate::perps::Usdc::from_decimal(state.margin).ok_or(SagaError::Unfit("the margin"))?;
    let new = NewPerp {
        id: PositionId::derive(state.accepted.wall, format!("saga {}", signal.id).as_bytes()),
        paper: state.paper,
        entry: PerpEntry {
            venue: venue.to_owned(),
            pair: signal.pair.clone(),
            key: fill.key.to_string(),
            side: match signal.side {
                Side::Long => PerpSide::Long,
                Side::Short => PerpSide::Short,
            },
            margin: margin.0,
            entry_price: fill.price.0,
            opened_order: order.clone(),
            signal: Some(signal.id.clone()),
            drift: signal.drift,
            confidence: signal.confidence,
            half_life_s: signal.half_life_s,
            predicted,
        },
        terms: PerpTerms {
            collateral: fill.collateral.0,
            leverage: fill.leverage.0,
            stop: fill.stop.0,
            target: fill.target.0,
            guard_uses: 0,
        },
    };
    let intent = opening_intent(journal, state)?;
    let record = || match intent {
        Some(intent) => journal.open_perp(&new, intent, at),
        None => journal.adopt_perp(&new, at),
    };
    let id = match record() {
        Ok(()) | Err(JournalError::DuplicatePosition(_)) => new.id,
        Err(JournalError::PerpIsOpen(id)) if is_of(journal, id, order.as_deref())? => id,
        Err(JournalError::PerpIsOpen(stale)) => {
            // The venue gives a slot away again only when the position in it has ended.
            let realised = json!({ "closed": "its slot at the venue holds another position" });
            journal.close_position(stale, None, &realised, at)?;
            record()?;
            new.id
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(order) = order
        && let Some(known) = journal.reader().order(venue, &order)?
        && !known.state.is_final()
    {
        let actual = written(fill, &signal.id)?;
        journal.resolve_order(venue, &order, OrderState::Filled, None, Some(&actual), at)?;
    }
    Ok(id)
}

/// Whether a position came from this order.
fn is_of(journal: &Journal, id: PositionId, order: Option<&str>) -> Result<bool, SagaError> {
    let known = journal.reader().perp(id)?;
    Ok(known.is_some_and(|perp| perp.entry.opened_order.as_deref() == order))
}

/// The newest try of the open that the journal has.
fn opening_intent(journal: &Journal, state: &SagaState) -> Result<Option<IntentId>, SagaError> {
    for link in journal.reader().intents_of_saga(&state.signal.id)?.into_iter().rev() {
        if link.role == Role::Open.as_str() {
            match journal.reader().intent(link.intent) {
                Ok(intent) => return Ok(Some(intent.id)),
                Err(JournalError::UnknownIntent(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(None)
}

fn close(journal: &Journal, state: &SagaState, ending: &Ending, at: Stamp) -> Result<(), SagaError> {
    let Some(id) = state.position.as_ref().and_then(|held| held.id) else { return Ok(()) };
    let known = journal.reader().perp(id)?;
    if known.is_some_and(|perp| perp.closed.is_none()) {
        let realised = written(ending, &state.signal.id)?;
        journal.close_position(id, None, &realised, at)?;
    }
    Ok(())
}
