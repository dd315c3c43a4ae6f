//! Taking a signal: everything that can refuse it comes before the journal has it.

use rust_decimal::Decimal;

use super::{
    Executor, Phase, STATE_VERSION, SagaError, SagaState,
    others::{governor, leverage_now, open_trades, others},
    record::event,
    state::json,
};
use crate::{
    config::{AfterPerp, OnPerpFailure, StrategyConfig},
    journal::{JournalError, JournalReader, OrderKind, Severity},
    strategy::Signal,
    trade::{AssessOptions, Assessment, TradeContext, assess},
    units::Millis,
};

/// What the user decided about a signal's trade beyond the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies {
    /// Leverage may be lowered to what fits.
    pub cap: bool,
    /// A loop that the journal did not open may be used.
    pub include_existing: bool,
    /// The naive table is wanted on the live chain.
    pub forced: bool,
    /// What happens to the loop when the perp has ended.
    pub after_perp: AfterPerp,
    /// What happens to the loop when the perp is proven not to have opened.
    pub on_perp_failure: OnPerpFailure,
}

impl Policies {
    /// Those of the settings: nothing beyond them is allowed.
    #[must_use]
    pub const fn of(settings: &StrategyConfig) -> Self {
        Self {
            cap: settings.cap,
            include_existing: false,
            forced: false,
            after_perp: settings.after_perp,
            on_perp_failure: settings.on_perp_failure,
        }
    }
}

/// Takes a signal: checks its age and that its id is new, assesses it on the newest state, and begins its saga in the
/// journal, in one write. Nothing is signed. A signal that the rules refuse is not taken; an event says why.
pub async fn accept(
    desk: &TradeContext,
    hand: &Executor<'_>,
    signal: &Signal,
    policies: Policies,
) -> Result<Assessment, SagaError> {
    let reader = hand.reader();
    if reader.signal(&signal.id)?.is_some() {
        return Err(JournalError::DuplicateSignal(signal.id.clone()).into());
    }
    let now = Millis(desk.clock.wall_millis());
    signal.check_age(now, desk.settings.strategy.max_signal_age)?;
    if let Executor::Live(sender) = hand {
        sender.require_resolved()?;
        refuse_beside_unanswered(reader)?;
    }
    let paper = hand.is_paper();
    let Policies { cap, include_existing, forced, after_perp, on_perp_failure } = policies;
    let governor = governor(desk, reader, paper).await?;
    let open = open_trades(desk, reader, paper, &signal.id)?;
    let options = AssessOptions { cap, include_existing, forced, paper };
    let assessment = Box::pin(assess(desk, signal, &governor, &open, &options)).await?;
    let stamp = desk.stamp().await?;
    if !assessment.is_feasible() {
        let refusals = assessment.refusals.clone();
        event(hand.journal(), (Severity::Info, "signal-refused"), refusals.join("; "), Some(&signal.id), stamp)?;
        return Err(SagaError::Refused { id: signal.id.clone(), refusals });
    }
    let before = leverage_now(desk, reader, (paper, include_existing), &signal.id).await?;
    let state = SagaState {
        version: STATE_VERSION,
        signal: signal.clone(),
        paper,
        accepted: stamp,
        phase: Phase::Accepted,
        cap,
        include_existing,
        forced,
        after_perp,
        on_perp_failure,
        tier: assessment.size.loop_leverage,
        notional: assessment.size.ordered_notional().ok_or(SagaError::Unfit("the ordered notional"))?,
        margin: assessment.size.margin,
        base: base(reader, paper, &signal.id, before)?,
        before,
        equity: None,
        forecast: assessment.forecast.clone(),
        order: None,
        position: None,
        ending: None,
        failure: None,
        refused: Vec::new(),
        warned: false,
    };
    let (body, written) = (json(signal, &signal.id)?, json(&state, &signal.id)?);
    hand.journal().begin_saga(&signal.id, &body, paper, &written, state.phase.as_str(), stamp)?;
    tracing::info!(signal = %signal.id, margin = %state.margin, tier = %state.tier, "taken");
    fail::fail_point!("saga-after-accepted");
    Ok(assessment)
}

/// What the loop goes back to in the end: what it was before the first of the sagas that hold it now.
fn base(reader: &JournalReader, paper: bool, id: &str, before: Option<Decimal>) -> Result<Option<Decimal>, SagaError> {
    let others = others(reader, paper, id)?;
    let holding = others.iter().find(|state| state.has_loop() && state.phase.holds_loop());
    Ok(holding.map_or(before, |state| state.base))
}

/// A second order is not placed while one is unanswered; limit orders wait for their price and are no such.
fn refuse_beside_unanswered(reader: &JournalReader) -> Result<(), SagaError> {
    let waiting = reader.open_orders()?;
    let waiting = waiting.into_iter().find(|order| !order.paper && order.kind != OrderKind::LimitOpen);
    // One that cannot be read may be such a one.
    let unreadable = || Ok(reader.unreadable_orders()?.into_iter().next().map(|row| row.id));
    match waiting.map_or_else(unreadable, |order| Ok::<_, JournalError>(Some(order.id)))? {
        Some(order) => Err(SagaError::Unanswered { order }),
        None => Ok(()),
    }
}
