//! The rule about stops that a venue's keepers have missed.

use serde_json::json;

use super::{PerpFacts, Rule, perps::is_worse, round::Round};
use crate::journal::Severity;

impl Round<'_> {
    /// A stop that is passed and not carried out: keepers may be late, or the market shut.
    pub(super) fn stop_missed(&mut self, perp: &PerpFacts) {
        let passed = perp.stop.filter(|stop| is_worse(perp.side, perp.mark, *stop));
        if self.memory.crosses(Rule::StopMissed, &perp.id, passed.is_some(), passed.is_none())
            && let Some(stop) = passed
        {
            let reason = format!(
                "{}: mark {} is beyond the stop {stop} and the position is open; the venue's keepers have not closed it",
                perp.id, perp.mark
            );
            self.fire(Rule::StopMissed, Severity::Warning, perp.id.clone(), reason, json!(perp));
        }
    }
}
