//! Up the ladder on one head: each rung planned, checked and tried on the head's own state.

use super::{
    execute::{Place, execute},
    look::{Climbed, Head, Sent},
    watcher::{NETWORK, Watcher},
};
use crate::{
    aave::StateError,
    plan::check,
    watchdog::{
        ladder::{Next, Rung, RungOutcome, Situation, Tried, next},
        protection::{Means, Pursuit},
        rules::{AccountFacts, Action},
    },
};

impl Watcher<'_> {
    /// Up the ladder until something is sent, or nothing is left.
    pub(super) fn climb(
        &self,
        head: &Head<'_>,
        facts: &AccountFacts,
        pursuit: &Pursuit,
    ) -> Result<Climbed, StateError> {
        let observation = head.venue.observation(head.market, head.step, head.account)?;
        let Some(means) = Means::choose(self.basis(&observation), &pursuit.trim, pursuit.sold())? else {
            return Ok(Climbed {
                sent: None,
                tried: vec!["the account was not read".to_owned()],
                collaterals: Vec::new(),
            });
        };
        let situation = means.situation(&pursuit.trim, facts.health_factor);
        let place = head.place(observation.pools());
        let mut tried = Tried::nothing();
        let mut sent = None;
        while let Next::Try { rung, skipped, .. } = next(&situation, &tried) {
            for attempt in skipped {
                tried.record(attempt.rung, attempt.outcome);
            }
            if rung == Rung::AskHuman {
                break;
            }
            match self.attempt(&means, &situation, &rung, pursuit, (head, place)) {
                Ok(found) => {
                    tried.record(rung, RungOutcome::Done);
                    sent = Some(found);
                }
                Err(reason) => tried.record(rung, RungOutcome::Impossible(reason)),
            }
        }
        let collaterals = tried.attempts().iter().filter_map(|attempt| Some(attempt.rung.pair()?.collateral)).collect();
        let words = tried.attempts().iter().filter_map(|attempt| match &attempt.outcome {
            RungOutcome::Impossible(reason) => {
                let about = attempt.rung.pair().map_or("", |pair| pair.name.as_str());
                Some(format!("{about}: {}: {reason}", attempt.rung))
            }
            RungOutcome::Done | RungOutcome::Unknown => None,
        });
        Ok(Climbed { sent, tried: words.collect(), collaterals })
    }

    /// Plans and checks a rung, and tries it on the head's own state as the sender's simulation does.
    fn attempt(
        &self,
        means: &Means<'_>,
        situation: &Situation,
        rung: &Rung,
        pursuit: &Pursuit,
        (head, place): (&Head<'_>, Place<'_>),
    ) -> Result<Sent, String> {
        let asked = means.request(rung, &pursuit.trim).ok_or("its pair was not read")?;
        let planned = means.plan(&asked).map_err(|error| error.to_string())?;
        let approved = check(planned, NETWORK, head.market.block.timestamp).map_err(|refusal| refusal.to_string())?;
        let plan = approved.get().clone();
        execute(&plan, head.account, place).map_err(|reason| format!("simulation: {reason}"))?;
        let pair = rung.pair().ok_or("a human has no pair")?.clone();
        let action = Action::Trim(pursuit.trim.clone());
        Ok(Sent { plan, action, pair, is_part: situation.is_part(rung), rung: Some(rung.clone()) })
    }
}
