//! The facts of one saga, from journal and chain.

use alloy::primitives::B256;

use super::{
    Executor, Facts, IntentFact, OrderFact, Phase, Role, SagaError, SagaState,
    others::{highest, leverage_now, others},
    paper,
};
use crate::{
    chain::Reader,
    journal::{Intent, IntentId, IntentState, JournalError, JournalReader, TransactionState},
    perps::{Ending, OrderHandle, OrderKind, OrderState, PerpSubject},
    plan::Plan,
    send::{Finding, Verdict, reconcile},
    trade::TradeContext,
    units::Secs,
};

/// Reads what journal and chain say about a saga now. What the chain tells about unresolved transactions is recorded on
/// the way.
pub(super) async fn gather(desk: &TradeContext, hand: &Executor<'_>, state: &SagaState) -> Result<Facts, SagaError> {
    let intent = match (state.phase.leg(), hand) {
        (None, _) => IntentFact::Absent,
        (Some((role, attempt)), Executor::Paper(journal)) => {
            paper::intent(journal.reader(), state.intent(role, attempt))?
        }
        (Some(leg), Executor::Live(sender)) => {
            let findings = reconcile(sender.journal(), sender.wire(), &*desk.clock).await?;
            let head = Reader::head(&desk.endpoints).await?;
            most_alive(sender.journal().reader(), state, leg, &findings, head.timestamp)?
        }
    };
    let order = order(desk, hand, state, intent).await?;
    let ending = ending(desk, hand, state).await?;
    let waits = matches!(state.phase, Phase::Placed) && !matches!(order, OrderFact::Cancelled { .. });
    let loop_now = if !state.has_loop() || waits || state.phase == Phase::Held {
        None
    } else {
        leverage_now(desk, hand.reader(), (state.paper, state.include_existing), &state.signal.id).await?
    };
    let others = others(hand.reader(), state.paper, &state.signal.id)?;
    let most = desk.settings.strategy.max_signal_age.0.saturating_mul(1_000);
    let too_late = desk.clock.wall_millis().saturating_sub(state.accepted.wall.0) > most;
    Ok(Facts { intent, too_late, loop_now, others: highest(&others), order, ending })
}

/// Of all tries of a leg the one that may have an effect, else the newest.
fn most_alive(
    reader: &JournalReader,
    state: &SagaState,
    (role, attempt): (Role, u32),
    findings: &[Finding],
    head: Secs,
) -> Result<IntentFact, SagaError> {
    let mut last = IntentFact::Absent;
    for attempt in 1..=attempt {
        let id = state.intent(role, attempt);
        last = match intent_of(reader, id)? {
            Some(intent) => fact(&intent, findings, head),
            None if state.refused.contains(&id) => IntentFact::Failed,
            None => IntentFact::Absent,
        };
        if !matches!(last, IntentFact::Absent | IntentFact::Failed) {
            break;
        }
    }
    Ok(last)
}

fn intent_of(reader: &JournalReader, id: IntentId) -> Result<Option<Intent>, SagaError> {
    match reader.intent(id) {
        Ok(intent) => Ok(Some(intent)),
        Err(JournalError::UnknownIntent(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn fact(intent: &Intent, findings: &[Finding], head: Secs) -> IntentFact {
    match intent.state {
        IntentState::Planned | IntentState::Approved | IntentState::Simulated | IntentState::Failed => {
            IntentFact::Failed
        }
        IntentState::Mined if intent.step + 1 < intent.steps => IntentFact::Failed,
        IntentState::Mined => IntentFact::Mined,
        IntentState::Reconciled => IntentFact::Done,
        IntentState::Signed | IntentState::Sent | IntentState::Unknown => {
            let verdict = findings.iter().find(|finding| finding.intent == intent.id).map(|finding| &finding.verdict);
            match verdict {
                Some(Verdict::NotSeen { .. }) => {
                    let plan = serde_json::from_value::<Plan>(intent.plan.clone());
                    IntentFact::NotSeen { valid: plan.is_ok_and(|plan| plan.valid_until > head) }
                }
                _ => IntentFact::Waiting,
            }
        }
    }
}

async fn order(
    desk: &TradeContext,
    hand: &Executor<'_>,
    state: &SagaState,
    intent: IntentFact,
) -> Result<OrderFact, SagaError> {
    let handle = match (state.phase, &state.order) {
        (Phase::Placed, Some(order)) => order.clone(),
        (Phase::Open(_), _) if intent == IntentFact::Done => {
            if hand.is_paper() {
                return paper::order(hand.reader(), desk.venue()?.name(), state);
            }
            match placed(desk, hand.reader(), state).await? {
                Some(order) => order,
                None => return Ok(OrderFact::None),
            }
        }
        _ => return Ok(OrderFact::None),
    };
    if hand.is_paper() {
        return paper::order(hand.reader(), desk.venue()?.name(), state);
    }
    let subject = subject(hand.reader(), state)?;
    Ok(match desk.venue()?.track(desk.account, &handle, subject.as_ref()).await? {
        OrderState::Initiated => OrderFact::Waiting(handle),
        OrderState::Filled(fill) => OrderFact::Filled { order: handle, fill: Box::new(fill) },
        OrderState::Cancelled { reason, refund, .. } => {
            let back = refund.map_or_else(|| "no refund was seen".to_owned(), |usdc| format!("{usdc} USDC came back"));
            let reason = format!("order {} was cancelled: {reason}; {back}", handle.id);
            OrderFact::Cancelled { order: handle, reason }
        }
        OrderState::Unknown { reason } => OrderFact::Unknown { order: handle, reason },
    })
}

/// The order that the saga's open placed, from its transaction.
pub(super) async fn placed(
    desk: &TradeContext,
    reader: &JournalReader,
    state: &SagaState,
) -> Result<Option<OrderHandle>, SagaError> {
    for transaction in open_transactions(reader, state)? {
        let orders = desk.venue()?.orders_in(transaction).await?;
        if let Some(order) = orders.into_iter().find(|order| order.kind == OrderKind::Open) {
            return Ok(Some(order));
        }
    }
    Ok(None)
}

/// Included transactions of every try of the open, newest first.
fn open_transactions(reader: &JournalReader, state: &SagaState) -> Result<Vec<B256>, SagaError> {
    let mut hashes = Vec::new();
    for link in reader.intents_of_saga(&state.signal.id)? {
        if link.role != Role::Open.as_str() || intent_of(reader, link.intent)?.is_none() {
            continue;
        }
        let records = reader.transactions(link.intent)?;
        let mined = records.into_iter().filter(|record| record.state == TransactionState::Mined);
        hashes.extend(mined.filter_map(|record| record.hash));
    }
    hashes.reverse();
    Ok(hashes)
}

/// What the journal keeps of the plan that opened the perp.
fn subject(reader: &JournalReader, state: &SagaState) -> Result<Option<PerpSubject>, SagaError> {
    for link in reader.intents_of_saga(&state.signal.id)?.into_iter().rev() {
        if link.role == Role::Open.as_str()
            && let Some(intent) = intent_of(reader, link.intent)?
            && let Ok(plan) = serde_json::from_value::<Plan>(intent.plan)
        {
            return Ok(plan.subject.read_perp().ok());
        }
    }
    Ok(None)
}

async fn ending(desk: &TradeContext, hand: &Executor<'_>, state: &SagaState) -> Result<Option<Ending>, SagaError> {
    let Some(held) = state.position.as_ref().filter(|_| state.phase == Phase::Held) else { return Ok(None) };
    if hand.is_paper() {
        return paper::ending(desk, state, held).await;
    }
    Ok(desk.venue()?.ending(desk.account, held.fill.key, held.fill.block).await?)
}
