//! Plans of the steps, made anew when they are needed, and what is remembered of them.

use super::{
    Executor, SagaError, SagaState,
    error::Stopped,
    others::{governor, open_trades},
    record::save,
    state::json,
};
use crate::{
    plan::Plan,
    trade::{Assessment, TradeContext, assess, assess::state::LoopState},
};

/// Sizes and forecast of the newest assessment are what the outcome is compared with.
pub(super) async fn remember(
    desk: &TradeContext,
    hand: &Executor<'_>,
    state: &mut SagaState,
    assessment: &Assessment,
) -> Result<(), SagaError> {
    state.margin = assessment.size.margin;
    state.notional = assessment.size.ordered_notional().ok_or(SagaError::Unfit("the ordered notional"))?;
    state.forecast.clone_from(&assessment.forecast);
    if state.has_loop() && !state.paper {
        let open = open_trades(desk, hand.reader(), state.paper, &state.signal.id)?;
        let loop_ = LoopState::read(desk, &open, state.paper, state.include_existing).await?;
        state.equity = loop_.now.map(|now| now.equity);
    }
    save(hand.journal(), state, desk.stamp().await?)
}

/// Assesses the trade again; what refuses it now ends it.
pub(super) async fn again(desk: &TradeContext, hand: &Executor<'_>, state: &SagaState) -> Result<Assessment, Stopped> {
    let reader = hand.reader();
    let governor = governor(desk, reader, state.paper).await?;
    let open = open_trades(desk, reader, state.paper, &state.signal.id)?;
    let assessment =
        Box::pin(assess(desk, &state.signal, &governor, &open, &state.options())).await.map_err(SagaError::from)?;
    if !assessment.is_feasible() {
        return Err(Stopped::Refused(assessment.refusals.join("; ")));
    }
    Ok(assessment)
}

/// The plan as the journal of practice keeps it.
pub(super) fn plan_value(plan: Option<&Plan>, id: &str) -> Result<serde_json::Value, SagaError> {
    plan.map_or_else(|| Ok(serde_json::json!({})), |plan| json(plan, id))
}
