//! Carrying one leg out: planned on the newest state, checked, sent, compared with its plan.

use rust_decimal::{Decimal, dec};

use super::{
    Executor, Facts, Goal, Role, SagaError, SagaState,
    error::Stopped,
    goal,
    others::open_trades,
    paper,
    plan::{again, remember},
};
use crate::{
    actions::PlanKind,
    chain::{Endpoints, Reader},
    config::MarginFrom,
    dex::WETH,
    journal::{IntentId, IntentState},
    loops::{self, Payout, PlanError, Request, Settings, Share, Target},
    perps::{self},
    plan::{Approved, Plan, check},
    send::{SendError, Sender, perform},
    trade::{PauseError, TradeContext, assess::state::LoopState, refuse_again_while_paused, refuse_while_paused},
};

/// Lowest leverage that the planner takes to a loop: a base without debt is approached to within this.
const LEAST_LEVERAGE: Decimal = dec!(1.01);

/// Carries a leg out.
pub(super) async fn act(
    desk: &TradeContext,
    hand: &mut Executor<'_>,
    state: &mut SagaState,
    facts: &Facts,
    role: Role,
) -> Result<(), Stopped> {
    let Some((_, attempt)) = state.phase.leg() else { return Ok(()) };
    let id = state.intent(role, attempt);
    if let Executor::Paper(journal) = hand {
        return Box::pin(paper::act(desk, journal, state, facts, (role, id))).await;
    }
    let plan = match role {
        Role::Raise => Box::pin(raise(desk, hand, state)).await?,
        Role::Open => Box::pin(open(desk, hand, state)).await?,
        Role::Back => Box::pin(back(desk, hand, state, goal(state, facts))).await?,
    };
    let plan = Plan { id: id.to_string(), ..plan };
    let Executor::Live(sender) = hand else { return Ok(()) };
    // Whatever a leg is for, while its account is paused it adds no risk. A way back that would borrow is left out: the loop
    // is below where it was.
    if let Err(paused @ PauseError::Paused(_)) = refuse_while_paused(sender.journal().reader(), &plan) {
        tracing::warn!(signal = %state.signal.id, ?role, %paused, "leg not carried out");
        return Err(if role == Role::Back { Stopped::There } else { Stopped::Refused(paused.to_string()) });
    }
    let head = Reader::head(&desk.endpoints).await.map_err(SagaError::from)?;
    let approved = check(plan, &desk.network, head.timestamp)?;
    match role {
        Role::Raise | Role::Back => {
            let report = Box::pin(loops::execute(sender, &*desk.clock, approved)).await.map_err(SagaError::from)?;
            tracing::info!(signal = %state.signal.id, ?role, ending = ?report.outcome.ending, "loop");
        }
        Role::Open => order(desk, sender, state, approved, id).await?,
    }
    Ok(())
}

/// The loop's way up, from an assessment of the whole trade on the newest state.
async fn raise(desk: &TradeContext, hand: &Executor<'_>, state: &SagaState) -> Result<Plan, Stopped> {
    let assessment = again(desk, hand, state).await?;
    assessment.loop_plan.ok_or(Stopped::There)
}

/// The perp, from an assessment on the state that the loop's leg left: the mark may have moved, the wallet has.
async fn open(desk: &TradeContext, hand: &Executor<'_>, state: &mut SagaState) -> Result<Plan, Stopped> {
    let mut desk = desk.clone();
    if state.has_loop() {
        // What was to be borrowed is in the wallet now.
        desk.settings.strategy.margin_from = MarginFrom::Wallet;
    }
    let assessment = again(&desk, hand, state).await?;
    let no_plan = || Stopped::Refused("the venue does not plan it".to_owned());
    let plan = assessment.perp_plan.clone().ok_or_else(no_plan)?;
    remember(&desk, hand, state, &assessment).await?;
    Ok(plan)
}

/// The loop's way back.
async fn back(desk: &TradeContext, hand: &Executor<'_>, state: &SagaState, goal: Goal) -> Result<Plan, Stopped> {
    let open = open_trades(desk, hand.reader(), state.paper, &state.signal.id)?;
    let loop_ = LoopState::read(desk, &open, state.paper, state.include_existing).await.map_err(SagaError::from)?;
    let request = match goal {
        Goal::Stay => return Err(Stopped::There),
        Goal::Leverage(leverage) => {
            let leverage = leverage.max(LEAST_LEVERAGE).trunc_with_scale(6).normalize();
            Request::Adjust { target: Target::Leverage(leverage) }
        }
        Goal::Closed => {
            let unwrap = (loop_.pair.collateral.token == WETH).then_some(WETH);
            Request::Close { share: Share::All, payout: Payout::Collateral { unwrap } }
        }
    };
    let settings = Settings {
        id: String::new(),
        network: desk.network.clone(),
        urgency: None,
        bounds: desk.settings.bounds,
        slippage: None,
        thresholds: loop_.thresholds,
        defaults: desk.settings.thresholds,
        loops: loop_.loops.clone(),
        // What this saga opened or was allowed to use, it may bring back.
        scope: loop_.scope,
        permit_ttl: desk.settings.permit_ttl,
        fees: desk.settings.fees,
        flash: None,
        gas_price: loop_.gas_price,
    };
    match loops::plan(&request, &loop_.snapshot, &loop_.pair, &settings, &loop_.hubs) {
        Ok(plan) => Ok(plan),
        Err(PlanError::AlreadyThere(_)) => Err(Stopped::There),
        Err(error) => Err(SagaError::from(error).into()),
    }
}

/// Sends the perp's order and records it.
async fn order(
    desk: &TradeContext,
    sender: &mut Sender<Endpoints>,
    state: &SagaState,
    approved: Approved<Plan>,
    id: IntentId,
) -> Result<(), SagaError> {
    let (done, outcome) = Box::pin(perform(sender, &*desk.clock, approved)).await?;
    tracing::info!(signal = %state.signal.id, ending = ?outcome.ending, "perp ordered");
    if !outcome.is_mined() || done != id {
        return Ok(());
    }
    settle_open(desk, sender, id).await
}

/// Compares an included leg with its plan and records what it placed.
pub(super) async fn settle(
    desk: &TradeContext,
    hand: &mut Executor<'_>,
    state: &SagaState,
    role: Role,
) -> Result<(), SagaError> {
    let Executor::Live(sender) = hand else { return Ok(()) };
    for id in intents_in(sender, state, role, &[IntentState::Mined])? {
        match PlanKind::of_intent(&sender.journal().reader().intent(id)?) {
            Ok(PlanKind::Perp(_)) => settle_open(desk, sender, id).await?,
            Ok(PlanKind::Loop(_)) => {
                loops::settle(sender.journal(), sender.wire(), id, desk.stamp().await?).await?;
            }
            Ok(PlanKind::Revocation) => return Err(unsettled(state, "a leg takes approvals back".to_owned())),
            Err(unknown) => return Err(unsettled(state, unknown.to_string())),
        }
    }
    Ok(())
}

fn unsettled(state: &SagaState, reason: String) -> SagaError {
    SagaError::State { id: state.signal.id.clone(), reason }
}

/// Records the orders that an included open placed, then its outcome: a crash in between is settled once more.
async fn settle_open(desk: &TradeContext, sender: &Sender<Endpoints>, id: IntentId) -> Result<(), SagaError> {
    fail::fail_point!("saga-before-ordered");
    let stamp = desk.stamp().await?;
    perps::settle(sender.journal(), sender.wire(), desk.venue()?, id, stamp).await?;
    fail::fail_point!("saga-after-ordered");
    Ok(())
}

/// Sends what nobody has seen again as it is; what would now do something else, or add risk to a paused account, is taken
/// back.
pub(super) async fn resend(hand: &mut Executor<'_>, state: &SagaState, role: Role) -> Result<(), SagaError> {
    let Executor::Live(sender) = hand else { return Ok(()) };
    for id in unresolved(sender, state, role)? {
        if let Err(paused @ PauseError::Paused(_)) = refuse_again_while_paused(sender.journal().reader(), id) {
            tracing::warn!(intent = %id, %paused, "not sent again");
            let outcome = sender.take_back(id).await?;
            tracing::info!(intent = %id, ending = ?outcome.ending, "taken back");
            continue;
        }
        match sender.resend(id).await {
            Ok(outcome) => tracing::info!(intent = %id, ending = ?outcome.ending, "sent again"),
            Err(SendError::Spoiled { reason, .. }) => {
                tracing::warn!(intent = %id, %reason, "not sent again");
                let outcome = sender.take_back(id).await?;
                tracing::info!(intent = %id, ending = ?outcome.ending, "taken back");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Uses the nonce up.
pub(super) async fn take_back(hand: &mut Executor<'_>, state: &SagaState, role: Role) -> Result<(), SagaError> {
    let Executor::Live(sender) = hand else { return Ok(()) };
    for id in unresolved(sender, state, role)? {
        let outcome = sender.take_back(id).await?;
        tracing::info!(intent = %id, ending = ?outcome.ending, "taken back");
    }
    Ok(())
}

fn unresolved(sender: &Sender<Endpoints>, state: &SagaState, role: Role) -> Result<Vec<IntentId>, SagaError> {
    intents_in(sender, state, role, &[IntentState::Signed, IntentState::Sent, IntentState::Unknown])
}

fn intents_in(
    sender: &Sender<Endpoints>,
    state: &SagaState,
    role: Role,
    states: &[IntentState],
) -> Result<Vec<IntentId>, SagaError> {
    let reader = sender.journal().reader();
    let links = reader.intents_of_saga(&state.signal.id)?;
    let mut found = Vec::new();
    for link in links.into_iter().filter(|link| link.role == role.as_str()) {
        if let Ok(intent) = reader.intent(link.intent)
            && states.contains(&intent.state)
        {
            found.push(intent.id);
        }
    }
    Ok(found)
}
