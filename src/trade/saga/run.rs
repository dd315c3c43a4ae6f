//! Going on with a saga until something has to be waited for.

use super::{
    Executor, Facts, Finish, OrderFact, Phase, Role, SagaError, SagaReport, SagaState, Step, Wait,
    act::{act, resend, settle, take_back},
    error::Stopped,
    gather::gather,
    next,
    others::state_of,
    record::{cancelled, enter, event, save},
    report::report,
    state::json,
};
use crate::{journal::Severity, trade::TradeContext};

/// Steps that one call takes at most; a saga has far fewer.
const MOST_STEPS: u32 = 64;

/// Where a saga stands after a call.
#[derive(Debug)]
pub enum Progress {
    /// It is over.
    Over(Box<SagaReport>),
    /// Something else has to happen first.
    Waits {
        /// How far it is.
        phase: Phase,
        /// What for.
        wait: Wait,
    },
}

/// Goes on with a saga as far as it goes now: every step is planned on the newest state, checked, carried out, compared
/// and recorded. After an error it stays as it is in the journal; calling this again goes on.
pub async fn advance(desk: &TradeContext, hand: &mut Executor<'_>, id: &str) -> Result<Progress, SagaError> {
    let saga = hand.reader().saga(id)?.ok_or_else(|| SagaError::Unknown(id.to_owned()))?;
    let mut state = state_of(&saga)?;
    if saga.outcome.is_some() {
        return Ok(Progress::Over(Box::new(report(hand.reader(), &saga, &state)?)));
    }
    for _ in 0..MOST_STEPS {
        // Each of these is a long chain of calls; kept apart on the heap, they do not add up on the stack.
        let facts = Box::pin(gather(desk, hand, &state)).await?;
        match next(&state, &facts) {
            Step::Enter(phase) => state = Box::pin(enter(desk, hand, &state, phase, &facts)).await?,
            Step::Act(role) => {
                if let Err(stopped) = Box::pin(act(desk, hand, &mut state, &facts, role)).await {
                    Box::pin(refused(desk, hand, &mut state, role, stopped)).await?;
                }
            }
            Step::Settle(role) => Box::pin(settle(desk, hand, &state, role)).await?,
            Step::Resend(role) => Box::pin(resend(hand, &state, role)).await?,
            Step::TakeBack(role) => Box::pin(take_back(hand, &state, role)).await?,
            Step::Wait(wait) => {
                warn(desk, hand, &mut state, &facts, wait).await?;
                return Ok(Progress::Waits { phase: state.phase, wait });
            }
            Step::Finish(finish) => return over(desk, hand, state, &facts, finish).await,
        }
    }
    Ok(Progress::Waits { phase: state.phase, wait: Wait::Inclusion })
}

/// Goes on with every saga that runs, of the hand's kind: what a command that writes does first. What keeps one from
/// going on does not keep the others.
pub async fn resume_open_sagas(
    desk: &TradeContext,
    hand: &mut Executor<'_>,
) -> Result<Vec<(String, Result<Progress, SagaError>)>, SagaError> {
    let paper = hand.is_paper();
    let open = hand.reader().open_sagas()?;
    let mut all = Vec::new();
    for saga in open.into_iter().filter(|saga| saga.paper == paper) {
        let progress = advance(desk, hand, &saga.id).await;
        all.push((saga.id, progress));
    }
    Ok(all)
}

/// A try that ended before anything was signed.
async fn refused(
    desk: &TradeContext,
    hand: &Executor<'_>,
    state: &mut SagaState,
    role: Role,
    stopped: Stopped,
) -> Result<(), SagaError> {
    let Some((_, attempt)) = state.phase.leg() else { return Ok(()) };
    let (reason, id) = match stopped {
        Stopped::Error(error) => return Err(error),
        Stopped::There => {
            state.refused.push(state.intent(role, attempt));
            return save(hand.journal(), state, desk.stamp().await?);
        }
        Stopped::Refused(reason) => (reason, state.signal.id.clone()),
    };
    let stamp = desk.stamp().await?;
    state.refused.push(state.intent(role, attempt));
    if role != Role::Back {
        state.failure = Some(reason.clone());
    }
    event(
        hand.journal(),
        (Severity::Warning, "leg-refused"),
        format!("{}: {reason}", role.as_str()),
        Some(&id),
        stamp,
    )?;
    save(hand.journal(), state, stamp)?;
    match role {
        // The last try is followed by the end, which says that the loop was left.
        Role::Back if attempt < super::ATTEMPTS => {
            let facts = gather(desk, hand, state).await?;
            *state = enter(desk, hand, state, Phase::Back(attempt + 1), &facts).await?;
            Err(SagaError::BackRefused { id, reason })
        }
        _ => Ok(()),
    }
}

/// An order without an answer that should have one is said once, in the journal and in the log.
async fn warn(
    desk: &TradeContext,
    hand: &Executor<'_>,
    state: &mut SagaState,
    facts: &Facts,
    wait: Wait,
) -> Result<(), SagaError> {
    if wait != Wait::Unresolved || state.warned {
        return Ok(());
    }
    let missing = match &facts.order {
        OrderFact::Unknown { order, reason } => format!("order {}: {reason}", order.id),
        _ => "its order is not to be found".to_owned(),
    };
    let reason = format!("{missing}; nothing is unwound and nothing further is ordered before it is resolved");
    unresolved(desk, hand, state, reason).await
}

/// Records that an order is overdue.
pub(super) async fn unresolved(
    desk: &TradeContext,
    hand: &Executor<'_>,
    state: &mut SagaState,
    reason: String,
) -> Result<(), SagaError> {
    let stamp = desk.stamp().await?;
    tracing::warn!(signal = %state.signal.id, %reason, "unresolved");
    event(hand.journal(), (Severity::Warning, "perp-unresolved"), reason, Some(&state.signal.id), stamp)?;
    state.warned = true;
    save(hand.journal(), state, stamp)
}

async fn over(
    desk: &TradeContext,
    hand: &Executor<'_>,
    state: SagaState,
    facts: &Facts,
    finish: Finish,
) -> Result<Progress, SagaError> {
    let journal = hand.journal();
    let last = state.entered(state.phase, facts);
    let stamp = desk.stamp().await?;
    cancelled(journal, desk.venue()?.name(), &state, facts, stamp)?;
    if finish == Finish::LoopLeft {
        let reason = "the loop could not be brought back: see `trimtab status`, and `trimtab loop adjust`".to_owned();
        event(journal, (Severity::Alert, "loop-left"), reason, Some(&last.signal.id), stamp)?;
    }
    fail::fail_point!("saga-before-over");
    journal.end_saga(&last.signal.id, finish.as_str(), &json(&last, &last.signal.id)?, stamp)?;
    fail::fail_point!("saga-after-over");
    let saga = hand.reader().saga(&last.signal.id)?.ok_or_else(|| SagaError::Unknown(last.signal.id.clone()))?;
    Ok(Progress::Over(Box::new(report(hand.reader(), &saga, &last)?)))
}
