//! The rule about heads: one that is old is not acted upon.

use std::time::Duration;

use serde_json::json;

use super::{Action, Rule, round::Round};
use crate::journal::Severity;

impl Round<'_> {
    /// A stale head is not acted upon: another endpoint is asked instead.
    pub(super) fn head_is_stale(&mut self) -> bool {
        let age = self.facts.head_age;
        let most = self.config.stale_after;
        let is_stale = age >= most;
        if self.memory.crosses(Rule::StaleHead, "", is_stale, !is_stale) {
            let number = self.facts.block.number;
            let reason = format!(
                "no new head for {age:?} since block {number}, {most:?} are allowed: not acted upon, asking other endpoints",
            );
            let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            let inputs = json!({ "block": number, "age_ms": ms(age), "stale_after_ms": ms(most) });
            self.fire(Rule::StaleHead, Severity::Alert, "", reason, inputs);
        }
        if is_stale {
            self.actions.push(Action::SwitchRpc);
        }
        is_stale
    }
}
