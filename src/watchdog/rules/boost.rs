//! The rule that levers up again, when that cannot call for the next trim.

use super::{
    Action, Levels, LoopFacts, Rule,
    health::{hf, worst_forward},
    levels::wad,
    loop_inputs::inputs,
    round::Round,
};
use crate::{journal::Severity, units::Secs};

impl Round<'_> {
    /// One loop, and only where nothing else is to be done.
    pub(super) fn boost(&mut self) {
        if self.actions.is_empty() && !self.memory.is_armed() {
            // Of loops of the same value the one whose name comes first.
            let loops = self.facts.loops.iter();
            self.boost_one(loops.max_by_key(|held| (held.collateral_value, std::cmp::Reverse(&held.pair))));
        }
    }

    /// Levers up above the upper health factor, when that cannot call for the next trim.
    fn boost_one(&mut self, held: Option<&LoopFacts>) {
        let (facts, config) = (self.facts, self.config);
        let Some(held) = held.filter(|_| config.boost.enabled) else { return };
        let chosen = config.boost.of(facts.class);
        // The account's own thresholds may leave less room than those of its class, which were validated.
        let has_room = chosen.problem(&facts.thresholds, config.recovery).is_none();
        let target = wad(chosen.target).max(Levels::of(facts).floor);
        let rests = self
            .memory
            .last_trim()
            .is_some_and(|last| facts.block.timestamp < last.plus(Secs(config.boost.pause.as_secs())));
        let seen = worst_forward(facts).map_or(facts.health_factor, |next| next.min(facts.health_factor));
        let above = wad(chosen.above);
        let wanted = has_room && !rests && seen > above && !self.has_old_oracle();
        if self.memory.crosses(Rule::Boost, &held.pair.name, wanted, !wanted) {
            let reason = format!(
                "{}: health factor {} is above {}; levering up to {}",
                held.pair,
                hf(seen),
                hf(above),
                hf(target)
            );
            self.fire(Rule::Boost, Severity::Info, held.pair.name.clone(), reason, inputs(facts, held));
        }
        if wanted {
            self.actions.push(Action::Boost { pair: held.pair.clone(), target });
        }
    }
}
