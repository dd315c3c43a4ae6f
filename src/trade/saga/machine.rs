//! What a saga does next: a pure function of its state and the facts.
//!
//! Three rules hold whatever happens in between, and are tested on random histories: a second open is never begun while
//! an earlier one may take effect; nothing is unwound while the order is unresolved; every history comes to an end.

use rust_decimal::{Decimal, dec};

use super::{ATTEMPTS, Facts, IntentFact, OrderFact, Phase, Role, SagaState, phase::Finish};
use crate::config::{AfterPerp, OnPerpFailure};

/// How far a loop may be from a leverage, as a share of it, and still count as being there: prices move it all the time.
const THERE: Decimal = dec!(0.01);

/// What is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Write the phase down, with what the facts tell, and look again.
    Enter(Phase),
    /// Plan the leg on the newest state and carry it out.
    Act(Role),
    /// Compare the leg with its plan and record what it placed.
    Settle(Role),
    /// Send the signed bytes of the leg again as they are.
    Resend(Role),
    /// Use the nonce of the leg up, so that it never takes effect.
    TakeBack(Role),
    /// Nothing can be done now.
    Wait(Wait),
    /// The saga is over.
    Finish(Finish),
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A block with our transaction.
    Inclusion,
    /// The venue's answer to the order.
    Keeper,
    /// The same, and it is overdue: neither pending nor answered. Nothing is unwound meanwhile.
    Unresolved,
    /// The end of the perp.
    Ending,
}

impl Wait {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Inclusion => "waiting for a block with its transaction",
            Self::Keeper => "the order is placed; waiting for the venue's keeper",
            Self::Unresolved => "the order is unresolved: nothing is unwound before it has an answer",
            Self::Ending => "the perp is open; waiting for its end",
        }
    }
}

/// Where the loop goes when the saga lets go of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// To this leverage.
    Leverage(Decimal),
    /// Closed.
    Closed,
    /// It stays.
    Stay,
}

/// What a saga does next.
#[must_use]
pub fn next(state: &SagaState, facts: &Facts) -> Step {
    match state.phase {
        Phase::Accepted => begin(state, facts),
        Phase::Raise(attempt) => raise(state, facts, attempt),
        Phase::Open(attempt) => open(state, facts, attempt),
        Phase::Placed => placed(state, facts),
        Phase::Held => held(facts),
        Phase::Ended => let_go(state, facts),
        Phase::Back(attempt) => back(state, facts, attempt),
    }
}

/// The leverage that the loop should have while this saga holds it.
#[must_use]
pub fn wanted(state: &SagaState, facts: &Facts) -> Decimal {
    facts.others.map_or(state.tier, |others| others.max(state.tier))
}

/// Where the loop goes when this saga lets go of it.
#[must_use]
pub fn goal(state: &SagaState, facts: &Facts) -> Goal {
    let stays = match state.position {
        Some(_) => state.after_perp == AfterPerp::Keep,
        None => state.on_perp_failure == OnPerpFailure::Keep,
    };
    if stays || !state.has_loop() {
        return Goal::Stay;
    }
    match (facts.others, state.base) {
        (Some(tier), _) => Goal::Leverage(tier),
        (None, Some(base)) if state.position.is_none() || state.after_perp == AfterPerp::Restore => {
            Goal::Leverage(base)
        }
        (None, _) => Goal::Closed,
    }
}

fn begin(state: &SagaState, facts: &Facts) -> Step {
    if state.failure.is_some() {
        return Step::Finish(Finish::NotTraded);
    }
    if !state.has_loop() || is_there(facts.loop_now, wanted(state, facts)) {
        return Step::Enter(Phase::Open(1));
    }
    Step::Enter(Phase::Raise(1))
}

fn raise(state: &SagaState, facts: &Facts, attempt: u32) -> Step {
    match facts.intent {
        IntentFact::Done => Step::Enter(Phase::Open(1)),
        IntentFact::Mined => Step::Settle(Role::Raise),
        IntentFact::Waiting => Step::Wait(Wait::Inclusion),
        IntentFact::NotSeen { valid } => revive(Role::Raise, valid),
        IntentFact::Absent if state.failure.is_none() => Step::Act(Role::Raise),
        IntentFact::Failed if state.failure.is_none() && is_there(facts.loop_now, wanted(state, facts)) => {
            Step::Enter(Phase::Open(1))
        }
        IntentFact::Failed if state.failure.is_none() && attempt < ATTEMPTS => Step::Enter(Phase::Raise(attempt + 1)),
        IntentFact::Absent | IntentFact::Failed => let_go(state, facts),
    }
}

fn open(state: &SagaState, facts: &Facts, attempt: u32) -> Step {
    // An order that the journal knows is worth more than what became of its transaction.
    if facts.order != OrderFact::None {
        return Step::Enter(Phase::Placed);
    }
    match facts.intent {
        IntentFact::Done | IntentFact::Mined => Step::Settle(Role::Open),
        IntentFact::Waiting => Step::Wait(Wait::Inclusion),
        IntentFact::NotSeen { valid } => revive(Role::Open, valid && !facts.too_late),
        IntentFact::Absent | IntentFact::Failed if state.failure.is_some() || facts.too_late => let_go(state, facts),
        IntentFact::Absent => Step::Act(Role::Open),
        IntentFact::Failed if attempt < ATTEMPTS => Step::Enter(Phase::Open(attempt + 1)),
        IntentFact::Failed => let_go(state, facts),
    }
}

fn placed(state: &SagaState, facts: &Facts) -> Step {
    match &facts.order {
        OrderFact::Waiting(_) => Step::Wait(Wait::Keeper),
        OrderFact::None | OrderFact::Unknown { .. } => Step::Wait(Wait::Unresolved),
        OrderFact::Filled { .. } => Step::Enter(Phase::Held),
        OrderFact::Cancelled { .. } => let_go(state, facts),
    }
}

const fn held(facts: &Facts) -> Step {
    match &facts.ending {
        Some(_) => Step::Enter(Phase::Ended),
        None => Step::Wait(Wait::Ending),
    }
}

/// The perp is over or never was.
fn let_go(state: &SagaState, facts: &Facts) -> Step {
    match is_at(goal(state, facts), facts.loop_now) {
        true => finish(state),
        false => Step::Enter(Phase::Back(1)),
    }
}

fn back(state: &SagaState, facts: &Facts, attempt: u32) -> Step {
    match facts.intent {
        IntentFact::Done => finish(state),
        IntentFact::Mined => Step::Settle(Role::Back),
        IntentFact::Waiting => Step::Wait(Wait::Inclusion),
        IntentFact::NotSeen { valid } => revive(Role::Back, valid),
        IntentFact::Absent | IntentFact::Failed if is_at(goal(state, facts), facts.loop_now) => finish(state),
        IntentFact::Absent => Step::Act(Role::Back),
        IntentFact::Failed if attempt < ATTEMPTS => Step::Enter(Phase::Back(attempt + 1)),
        IntentFact::Failed => Step::Finish(Finish::LoopLeft),
    }
}

/// Bytes that nobody has: sent again while their plan is valid, else made impossible.
const fn revive(role: Role, valid: bool) -> Step {
    if valid { Step::Resend(role) } else { Step::TakeBack(role) }
}

const fn finish(state: &SagaState) -> Step {
    Step::Finish(if state.position.is_some() { Finish::Traded } else { Finish::NotTraded })
}

fn is_at(goal: Goal, now: Option<Decimal>) -> bool {
    match goal {
        Goal::Stay => true,
        Goal::Closed => now.is_none(),
        // What somebody has closed meanwhile is not opened again to be brought back.
        Goal::Leverage(leverage) => now.is_none() || is_there(now, leverage),
    }
}

fn is_there(now: Option<Decimal>, leverage: Decimal) -> bool {
    let within = |now: Decimal| {
        let far = now.checked_sub(leverage).map(|distance| distance.abs());
        far.zip(leverage.checked_mul(THERE)).is_some_and(|(far, most)| far <= most)
    };
    now.is_some_and(within)
}
