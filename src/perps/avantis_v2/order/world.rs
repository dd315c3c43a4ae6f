//! Random histories against a venue that may do anything the real one may: it loses answers, queues twice, is late, gives up, and
//! executes what it was given as long as its nonce is unused and its deadline is not past. Whatever happens there is one position at most, and what the order
//! believes in the end is what the venue did.

use proptest::prelude::*;

use super::{LifeAction, LifeInput, MarketEvent, MarketNews, MarketOutcome, OrderLife, Renewal, TradeFill};
use crate::units::{Millis, Secs};

/// Seconds that an intent is good.
const LIFETIME: u64 = 4;

/// What the venue knows of one nonce.
#[derive(Debug, Clone, Default)]
struct Known {
    deadline: u64,
    /// It has the signature: it can execute it.
    holds: bool,
    /// It said that it has the order.
    queued: bool,
    used: bool,
    filled: bool,
    told: Vec<MarketNews>,
}

#[derive(Debug, Default)]
struct World {
    time: u64,
    nonces: Vec<Known>,
}

impl World {
    fn positions(&self) -> usize {
        self.nonces.iter().filter(|known| known.filled).count()
    }

    /// Time goes by, and the venue may execute whatever it holds: fill it, or use it up without a fill.
    fn pass(&mut self, draw: u8) {
        self.time += u64::from(draw & 1);
        let time = self.time;
        for known in self.nonces.iter_mut().filter(|known| known.holds && !known.used && known.deadline >= time) {
            match draw >> 1 & 7 {
                0 => {
                    (known.used, known.filled) = (true, true);
                    known.told.push(MarketNews::Filled(Box::<TradeFill>::default()));
                }
                1 => {
                    known.used = true;
                    known.told.push(MarketNews::Cancelled { reason: None, transaction: None });
                }
                // It gives up, and still holds the signature.
                2 if known.queued => {
                    known.told.push(MarketNews::Error {
                        code: Some("ATTEMPTS_EXHAUSTED".to_owned()),
                        message: String::new(),
                    });
                }
                _ => {}
            }
        }
    }

    /// A post: taken and said so, taken and the answer lost, lost, or refused.
    fn post(&mut self, nonce: usize, draw: u8) -> LifeInput {
        let (time, known) = (self.time, &mut self.nonces[nonce]);
        if known.deadline < time || known.used || known.queued {
            // Refused, but the venue has it or had it.
            return match draw & 3 {
                0 => LifeInput::Lost,
                1 => LifeInput::Event(MarketEvent {
                    seq: None,
                    news: MarketNews::Error { code: Some("InvalidNonce".to_owned()), message: String::new() },
                }),
                _ => LifeInput::Refused { reason: "400".to_owned() },
            };
        }
        match draw & 7 {
            0 | 1 => LifeInput::Lost,
            2 => {
                known.holds = true;
                LifeInput::Refused { reason: "400".to_owned() }
            }
            3 | 4 => {
                (known.holds, known.queued) = (true, true);
                LifeInput::Lost
            }
            _ => {
                (known.holds, known.queued) = (true, true);
                let news = MarketNews::Accepted { tracking: nonce.to_string() };
                LifeInput::Event(MarketEvent { seq: Some(0), news })
            }
        }
    }

    /// Events that come, by stream or replay; or the answer is lost.
    fn news(&self, nonce: usize, after: Option<u64>, draw: u8) -> Vec<LifeInput> {
        match draw & 3 {
            0 => vec![LifeInput::PollFailed],
            1 => vec![LifeInput::Lost],
            _ => {
                let all = self.nonces[nonce].told.iter().zip(1u64..);
                let later = all.filter(|(_, seq)| after.is_none_or(|after| *seq > after));
                let events =
                    later.map(|(news, seq)| LifeInput::Event(MarketEvent { seq: Some(seq), news: news.clone() }));
                events.chain([LifeInput::Polled]).collect()
            }
        }
    }
}

fn sign(world: &mut World) -> OrderLife {
    let deadline = world.time + LIFETIME;
    world.nonces.push(Known { deadline, ..Known::default() });
    OrderLife::recorded(Millis(deadline * 1_000))
}

/// Whether the same may be ordered again now.
fn may_renew(outcome: &MarketOutcome, life: &OrderLife, world: &World) -> bool {
    match outcome.renewal() {
        Renewal::Done => false,
        Renewal::AtOnce => true,
        Renewal::AfterDeadline => {
            life.deadline.0 / 1_000 < world.time && !world.nonces.last().is_some_and(|known| known.used)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn whatever_happens_there_is_one_position_at_most(draws in proptest::collection::vec(any::<[u8; 3]>(), 1..120)) {
        let mut world = World::default();
        let mut life = sign(&mut world);
        let mut inputs = vec![LifeInput::Begun];
        for [passes, answer, restart] in draws {
            world.pass(passes);
            let nonce = world.nonces.len() - 1;
            // Killed: what is in the journal is the phase as of the last decision.
            if restart % 8 == 0 {
                inputs = vec![LifeInput::Begun];
            }
            let input = if inputs.is_empty() { LifeInput::Lost } else { inputs.remove(0) };
            let before = life.phase.clone();
            match life.take(input) {
                LifeAction::Post => {
                    prop_assert!(!matches!(before, super::OrderPhase::Accepted { .. }), "posted again after it was accepted");
                    inputs = vec![world.post(nonce, answer)];
                }
                LifeAction::Listen => {
                    if inputs.is_empty() {
                        inputs = world.news(nonce, None, answer);
                    }
                }
                LifeAction::Poll { after, .. } => inputs = world.news(nonce, after, answer),
                LifeAction::ReadChain => {
                    inputs = vec![LifeInput::Chain { used: world.nonces[nonce].used, time: Secs(world.time) }];
                }
                LifeAction::Done(outcome) => {
                    let known = &world.nonces[nonce];
                    match &outcome {
                        MarketOutcome::Filled(_) => prop_assert!(known.filled),
                        MarketOutcome::Executed => prop_assert!(known.used),
                        MarketOutcome::Cancelled { .. } => prop_assert!(known.used && !known.filled),
                        MarketOutcome::Expired => prop_assert!(!known.used && known.deadline < world.time),
                        MarketOutcome::Rejected { .. } | MarketOutcome::Failed { .. } => {}
                    }
                    if may_renew(&outcome, &life, &world) {
                        life = sign(&mut world);
                    }
                    inputs = vec![LifeInput::Begun];
                }
            }
            prop_assert!(world.positions() <= 1, "{:?}", world);
        }
    }

    #[test]
    fn an_order_always_comes_to_its_end(draws in proptest::collection::vec(any::<[u8; 2]>(), 1..60)) {
        let mut world = World::default();
        let mut life = sign(&mut world);
        let mut action = life.take(LifeInput::Begun);
        for [passes, answer] in draws {
            world.pass(passes);
            let input = match &action {
                LifeAction::Post => world.post(0, answer),
                LifeAction::Listen => LifeInput::Lost,
                LifeAction::Poll { .. } => LifeInput::PollFailed,
                LifeAction::ReadChain => LifeInput::Chain { used: world.nonces[0].used, time: Secs(world.time) },
                LifeAction::Done(_) => return Ok(()),
            };
            action = life.take(input);
        }
        // The services fall silent and the deadline goes by: the chain alone ends it.
        world.time += LIFETIME + 1;
        for _ in 0..4 {
            let input = match &action {
                LifeAction::Done(_) => return Ok(()),
                LifeAction::ReadChain => LifeInput::Chain { used: world.nonces[0].used, time: Secs(world.time) },
                LifeAction::Poll { .. } => LifeInput::PollFailed,
                LifeAction::Post | LifeAction::Listen => LifeInput::Lost,
            };
            action = life.take(input);
        }
        prop_assert!(matches!(action, LifeAction::Done(_)), "{:?} {:?}", life, action);
    }
}
