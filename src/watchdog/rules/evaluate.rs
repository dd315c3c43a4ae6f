//! All rules on one head.

use super::{
    AccountFacts, Evaluation, Memory,
    list::{AT_LEISURE, OF_ACCOUNT, OF_LOOPS, OF_PERPS},
    round::Round,
};
use crate::config::WatchConfig;

/// Decides about an account's loops; its perps are judged in their own time ([`evaluate_perps`]). Pure.
#[must_use]
pub fn evaluate(facts: &AccountFacts, config: &WatchConfig, memory: &Memory) -> Evaluation {
    let mut round = Round::of(facts, config, memory);
    if round.head_is_stale() {
        return round.finish();
    }
    for rule in OF_ACCOUNT {
        rule(&mut round);
    }
    for held in &facts.loops {
        for rule in OF_LOOPS {
            rule(&mut round, held);
        }
    }
    for rule in AT_LEISURE {
        rule(&mut round);
    }
    round.forget();
    let repeated = !round.actions.is_empty() && round.memory.acts_again(facts.block.hash, facts.health_factor);
    if repeated {
        round.actions.clear();
    }
    round.finish()
}

/// Decides about an account's perps, on facts that came in their own time: they take no part in what is decided about its
/// loops. Pure.
#[must_use]
pub fn evaluate_perps(facts: &AccountFacts, config: &WatchConfig, memory: &Memory) -> Evaluation {
    let mut round = Round::of(facts, config, memory);
    for perp in &facts.perps {
        for rule in OF_PERPS {
            rule(&mut round, perp);
        }
    }
    round.finish()
}
