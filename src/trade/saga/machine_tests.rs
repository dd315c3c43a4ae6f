//! Random histories: crashes, restarts, lost and late transactions, a silent venue, other sagas, moving prices.

use std::collections::BTreeMap;

use alloy::primitives::{B256, U256};
use proptest::prelude::*;
use rust_decimal::{Decimal, dec};

use super::{
    ATTEMPTS, Facts, Finish, Goal, IntentFact, OrderFact, Phase, Role, STATE_VERSION, SagaState, Step, Wait, goal,
    next, state::Held, wanted,
};
use crate::{
    config::{AfterPerp, OnPerpFailure, Volatility},
    journal::Stamp,
    perps::{EndKind, Ending, Fill, LeverageE10, OrderHandle, OrderKind, PositionKey, PriceE10, Side, Usdc},
    strategy::{Kind, Signal},
    units::{Millis, Secs},
};

fn signal() -> Signal {
    Signal {
        id: "s-1".to_owned(),
        pair: "ETH/USD".to_owned(),
        side: Side::Long,
        score: dec!(95),
        volatility: Volatility::Low,
        entry: dec!(3000),
        stop: dec!(2940),
        target: dec!(3120),
        drift: None,
        confidence: None,
        half_life_s: None,
        kind: Kind::Primary,
        features: None,
        at: Millis(1_790_000_000_000),
    }
}

fn fresh(tier: Decimal, base: Option<Decimal>, after_perp: AfterPerp, on_perp_failure: OnPerpFailure) -> SagaState {
    SagaState {
        version: STATE_VERSION,
        signal: signal(),
        paper: false,
        accepted: Stamp::default(),
        phase: Phase::Accepted,
        cap: false,
        include_existing: false,
        forced: false,
        after_perp,
        on_perp_failure,
        tier,
        notional: dec!(1500),
        margin: dec!(100),
        base,
        before: base,
        equity: None,
        forecast: None,
        order: None,
        position: None,
        ending: None,
        failure: None,
        refused: Vec::new(),
        warned: false,
    }
}

fn key() -> PositionKey {
    PositionKey::of_pair_and_slot(0, 0)
}

fn handle() -> OrderHandle {
    OrderHandle {
        id: "7".to_owned(),
        kind: OrderKind::Open,
        key: key(),
        transaction: B256::ZERO,
        block: 1,
        placed: Secs(1),
    }
}

fn fill() -> Fill {
    Fill {
        key: key(),
        side: Side::Long,
        price: PriceE10(U256::from(1)),
        collateral: Usdc(U256::from(1)),
        leverage: LeverageE10(U256::from(1)),
        paid: Usdc::ZERO,
        left: Usdc(U256::from(1)),
        target: PriceE10::ZERO,
        stop: PriceE10::ZERO,
        transaction: B256::ZERO,
        block: 2,
        at: Secs(2),
    }
}

fn facts(loop_now: Option<Decimal>) -> Facts {
    Facts { intent: IntentFact::Absent, too_late: false, loop_now, others: None, order: OrderFact::None, ending: None }
}

/// What the venue did with the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Venue {
    Nothing,
    Pending,
    Lost,
    Filled,
    Cancelled,
    Ended,
}

/// Chain and journal, as far as one saga sees them.
#[derive(Debug)]
struct World {
    state: SagaState,
    intents: BTreeMap<(Role, u32), IntentFact>,
    loop_now: Option<Decimal>,
    others: Option<Decimal>,
    too_late: bool,
    venue: Venue,
    /// The order is in the journal.
    order_known: bool,
    opened: u32,
}

impl World {
    fn facts(&self) -> Facts {
        let intent = match self.state.phase.leg() {
            Some((Role::Open, _)) => self.all_opens(),
            Some(leg) => self.intents.get(&leg).copied().unwrap_or(IntentFact::Absent),
            None => IntentFact::Absent,
        };
        let order = match self.venue {
            _ if !self.order_known => OrderFact::None,
            // A placed order is asked for by the name that the state has.
            _ if self.state.phase == Phase::Placed && self.state.order.is_none() => OrderFact::None,
            Venue::Nothing => OrderFact::None,
            Venue::Pending => OrderFact::Waiting(handle()),
            Venue::Lost => OrderFact::Unknown { order: handle(), reason: "lost".to_owned() },
            Venue::Filled | Venue::Ended => OrderFact::Filled { order: handle(), fill: Box::new(fill()) },
            Venue::Cancelled => OrderFact::Cancelled { order: handle(), reason: "slippage".to_owned() },
        };
        let ended = Ending { kind: EndKind::Target, fill: fill(), order: None };
        Facts {
            intent,
            too_late: self.too_late,
            loop_now: self.loop_now,
            others: self.others,
            order,
            ending: (self.venue == Venue::Ended).then_some(ended),
        }
    }

    /// Of all tries: the newest, unless an earlier one lives.
    fn all_opens(&self) -> IntentFact {
        let Some((Role::Open, attempt)) = self.state.phase.leg() else { return IntentFact::Absent };
        let tries = (1..=attempt).map(|attempt| self.intents.get(&(Role::Open, attempt)).copied());
        let tries: Vec<IntentFact> = tries.map(|fact| fact.unwrap_or(IntentFact::Absent)).collect();
        let alive = tries.iter().copied().find(|fact| !matches!(fact, IntentFact::Absent | IntentFact::Failed));
        alive.or(tries.last().copied()).unwrap_or(IntentFact::Absent)
    }

    fn is_open_unresolved(&self) -> bool {
        let signed = |fact: &IntentFact| matches!(fact, IntentFact::Waiting | IntentFact::NotSeen { .. });
        self.intents.iter().any(|((role, _), fact)| *role == Role::Open && signed(fact))
            || matches!(self.venue, Venue::Pending | Venue::Lost)
    }

    /// The chain includes a leg's transaction.
    fn include(&mut self, role: Role, attempt: u32) {
        let facts = self.facts();
        match role {
            Role::Raise => self.loop_now = Some(wanted(&self.state, &facts)),
            Role::Back => match goal(&self.state, &facts) {
                Goal::Leverage(leverage) => self.loop_now = Some(leverage),
                Goal::Closed => self.loop_now = None,
                Goal::Stay => {}
            },
            Role::Open => {
                self.opened += 1;
                self.venue = Venue::Pending;
            }
        }
        self.intents.insert((role, attempt), IntentFact::Mined);
    }

    /// One step of one process; the die says what goes wrong. `true` when the saga is over.
    fn step(&mut self, die: u8) -> bool {
        let facts = self.facts();
        let step = next(&self.state, &facts);
        let lets_go = matches!(step, Step::Enter(Phase::Back(_)) | Step::Act(Role::Back) | Step::Finish(_));
        assert!(!(lets_go && self.is_open_unresolved()), "{step:?} while unresolved: {self:#?}");
        assert!(!(lets_go && self.venue == Venue::Filled), "{step:?} while the perp is open: {self:#?}");
        match step {
            Step::Enter(_) if die.is_multiple_of(5) => {}
            Step::Enter(phase) => self.state = self.state.entered(phase, &facts),
            Step::Act(role) => self.act(role, die),
            Step::Settle(role) if !die.is_multiple_of(3) => {
                let leg = self.state.phase.leg().expect("a leg is settled in its phase");
                assert_eq!(leg.0, role);
                let mined =
                    self.intents.iter_mut().filter(|((of, _), fact)| *of == role && **fact == IntentFact::Mined);
                mined.for_each(|(_, fact)| *fact = IntentFact::Done);
                self.order_known |= role == Role::Open;
            }
            Step::Settle(_) => {}
            Step::Resend(role) => self.pending(role, |fact| matches!(fact, IntentFact::NotSeen { .. }), die),
            Step::TakeBack(role) => {
                let either = if die.is_multiple_of(4) { 3 } else { 1 };
                self.pending(role, |fact| matches!(fact, IntentFact::NotSeen { .. }), either);
            }
            Step::Wait(Wait::Inclusion) => {
                let (role, _) = self.state.phase.leg().expect("a leg is waited for");
                self.pending(role, |fact| *fact == IntentFact::Waiting, die);
            }
            Step::Wait(Wait::Keeper | Wait::Unresolved) => {
                self.venue = match die % 6 {
                    0 => Venue::Lost,
                    1 => Venue::Cancelled,
                    2 => Venue::Filled,
                    3 => Venue::Ended,
                    _ => self.venue,
                };
            }
            Step::Wait(Wait::Ending) => self.venue = if die.is_multiple_of(2) { Venue::Ended } else { self.venue },
            Step::Finish(finish) => {
                self.check_end(finish);
                return true;
            }
        }
        false
    }

    fn act(&mut self, role: Role, die: u8) {
        let (of, attempt) = self.state.phase.leg().expect("a leg is acted on in its phase");
        assert_eq!(of, role);
        if role == Role::Open {
            assert_eq!(self.opened, 0, "a second open: {self:#?}");
            assert!(!self.is_open_unresolved(), "an open beside an unresolved one: {self:#?}");
        }
        match die % 9 {
            // Killed before anything, or between plan and signature.
            0 => {}
            1 | 2 => drop(self.intents.insert((role, attempt), IntentFact::Failed)),
            3 => drop(self.intents.insert((role, attempt), IntentFact::NotSeen { valid: die.is_multiple_of(2) })),
            4 => drop(self.intents.insert((role, attempt), IntentFact::Waiting)),
            5 if role != Role::Back => self.state.failure = Some("refused".to_owned()),
            _ => self.include(role, attempt),
        }
    }

    /// What becomes of a signed transaction.
    fn pending(&mut self, role: Role, which: impl Fn(&IntentFact) -> bool, die: u8) {
        let found = self.intents.iter().find(|((of, _), fact)| *of == role && which(fact)).map(|(leg, _)| *leg);
        let (role, attempt) = found.expect("something is pending");
        match die % 6 {
            0 => drop(self.intents.insert((role, attempt), IntentFact::NotSeen { valid: die.is_multiple_of(4) })),
            1 => drop(self.intents.insert((role, attempt), IntentFact::Failed)),
            2 => drop(self.intents.insert((role, attempt), IntentFact::Waiting)),
            _ => self.include(role, attempt),
        }
    }

    fn check_end(&self, finish: Finish) {
        match self.venue {
            Venue::Ended => assert_ne!(finish, Finish::NotTraded, "{self:#?}"),
            Venue::Nothing | Venue::Cancelled => assert_ne!(finish, Finish::Traded, "{self:#?}"),
            Venue::Pending | Venue::Lost | Venue::Filled => panic!("over with a perp: {self:#?}"),
        }
        if !self.state.has_loop() {
            assert!(self.intents.keys().all(|(role, _)| *role == Role::Open), "the loop was touched: {self:#?}");
        }
    }
}

fn leverage() -> impl Strategy<Value = Option<Decimal>> {
    prop_oneof![Just(None), Just(Some(dec!(1.5))), Just(Some(dec!(2))), Just(Some(dec!(3)))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_history_opens_twice_or_unwinds_while_unresolved_and_every_one_ends(
        tier in prop_oneof![Just(dec!(1)), Just(dec!(2)), Just(dec!(3))],
        base in leverage(),
        after in prop_oneof![Just(AfterPerp::Restore), Just(AfterPerp::Close), Just(AfterPerp::Keep)],
        failing in prop_oneof![Just(OnPerpFailure::Unwind), Just(OnPerpFailure::Keep)],
        dice in prop::collection::vec((any::<u8>(), any::<u8>(), leverage()), 0..120),
    ) {
        let mut world = World {
            state: fresh(tier, base, after, failing),
            intents: BTreeMap::new(),
            loop_now: base,
            others: None,
            too_late: false,
            venue: Venue::Nothing,
            order_known: false,
            opened: 0,
        };
        let mut over = false;
        for (die, around, other) in dice {
            match around % 16 {
                0 => world.others = other,
                1 => world.too_late = true,
                2 => world.loop_now = world.loop_now.map(|now| now * dec!(1.004)),
                // A restart reads the state back from the journal.
                3 => {
                    let text = serde_json::to_string(&world.state).expect("written");
                    prop_assert_eq!(&serde_json::from_str::<SagaState>(&text).expect("read back"), &world.state);
                }
                _ => {}
            }
            over = world.step(die);
            if over {
                break;
            }
        }
        // From here on everything goes well.
        let mut left = 60;
        while !over {
            let facts = world.facts();
            let kind = match next(&world.state, &facts) {
                Step::Wait(Wait::Keeper | Wait::Unresolved | Wait::Ending) => 2,
                _ => 7,
            };
            over = world.step(kind);
            left -= 1;
            prop_assert!(over || left > 0, "no end: {:#?}", world);
        }
        prop_assert!(world.opened <= 1);
    }
}

#[test]
fn a_tier_without_loop_goes_straight_to_the_perp_and_leaves_the_loop_alone() {
    let state = fresh(dec!(1), Some(dec!(2)), AfterPerp::Close, OnPerpFailure::Unwind);
    assert_eq!(next(&state, &facts(Some(dec!(2)))), Step::Enter(Phase::Open(1)));
    assert_eq!(goal(&state, &facts(Some(dec!(2)))), Goal::Stay);
}

#[test]
fn a_loop_that_a_higher_tier_holds_is_not_touched() {
    let state = fresh(dec!(2), None, AfterPerp::Restore, OnPerpFailure::Unwind);
    let facts = Facts { others: Some(dec!(3)), ..facts(Some(dec!(2.99))) };
    assert_eq!(wanted(&state, &facts), dec!(3));
    assert_eq!(next(&state, &facts), Step::Enter(Phase::Open(1)));
}

#[test]
fn the_loop_goes_back_to_the_highest_tier_left_then_to_what_it_was_or_away() {
    let mut state = fresh(dec!(3), Some(dec!(1.2)), AfterPerp::Restore, OnPerpFailure::Unwind);
    state.position = Some(Held { id: None, fill: fill() });
    let with = |others| Facts { others, ..facts(Some(dec!(3))) };
    assert_eq!(goal(&state, &with(Some(dec!(2)))), Goal::Leverage(dec!(2)));
    assert_eq!(goal(&state, &with(None)), Goal::Leverage(dec!(1.2)));
    let closing = SagaState { after_perp: AfterPerp::Close, ..state.clone() };
    assert_eq!(goal(&closing, &with(None)), Goal::Closed);
    assert_eq!(goal(&closing, &with(Some(dec!(2)))), Goal::Leverage(dec!(2)), "the other signal needs it");
    let keeping = SagaState { after_perp: AfterPerp::Keep, ..state.clone() };
    assert_eq!(goal(&keeping, &with(None)), Goal::Stay);
    let fresh_loop = SagaState { base: None, ..state };
    assert_eq!(goal(&fresh_loop, &with(None)), Goal::Closed);
}

#[test]
fn a_cancelled_perp_unwinds_or_keeps_the_loop_and_an_unresolved_one_does_neither() {
    let mut state = fresh(dec!(3), None, AfterPerp::Keep, OnPerpFailure::Unwind);
    state.phase = Phase::Placed;
    let order = OrderFact::Cancelled { order: handle(), reason: "slippage".to_owned() };
    let cancelled = Facts { order, ..facts(Some(dec!(3))) };
    assert_eq!(next(&state, &cancelled), Step::Enter(Phase::Back(1)));
    let keeping = SagaState { on_perp_failure: OnPerpFailure::Keep, ..state.clone() };
    assert_eq!(next(&keeping, &cancelled), Step::Finish(Finish::NotTraded));
    let unknown = OrderFact::Unknown { order: handle(), reason: "silent".to_owned() };
    let unresolved = Facts { order: unknown, ..facts(Some(dec!(3))) };
    assert_eq!(next(&state, &unresolved), Step::Wait(Wait::Unresolved));
}

#[test]
fn a_signal_that_has_grown_old_since_is_not_ordered_any_more_but_an_order_that_may_exist_is_followed() {
    let mut state = fresh(dec!(3), None, AfterPerp::Restore, OnPerpFailure::Unwind);
    state.phase = Phase::Open(1);
    let late = |intent| Facts { intent, too_late: true, ..facts(Some(dec!(3))) };
    assert_eq!(next(&state, &late(IntentFact::Absent)), Step::Enter(Phase::Back(1)));
    assert_eq!(next(&state, &late(IntentFact::Failed)), Step::Enter(Phase::Back(1)));
    assert_eq!(next(&state, &late(IntentFact::NotSeen { valid: true })), Step::TakeBack(Role::Open));
    assert_eq!(next(&state, &late(IntentFact::Waiting)), Step::Wait(Wait::Inclusion));
    assert_eq!(next(&state, &late(IntentFact::Mined)), Step::Settle(Role::Open));
}

#[test]
fn a_leg_that_never_goes_through_is_given_up_and_said_so() {
    let mut state = fresh(dec!(3), None, AfterPerp::Restore, OnPerpFailure::Unwind);
    state.phase = Phase::Back(ATTEMPTS);
    let failed = Facts { intent: IntentFact::Failed, ..facts(Some(dec!(3))) };
    assert_eq!(next(&state, &failed), Step::Finish(Finish::LoopLeft));
    state.phase = Phase::Back(1);
    assert_eq!(next(&state, &failed), Step::Enter(Phase::Back(2)));
}
