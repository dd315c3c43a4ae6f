//! The rule about what a venue lets be done in a perp's market.

use serde_json::json;

use super::{
    MarketStatus, PerpFacts, Rule,
    round::{CLOSE_ONLY, PAUSED, Round},
};
use crate::journal::Severity;

impl Round<'_> {
    /// Told before it matters: on a closed market even a close is cancelled.
    pub(super) fn market_status(&mut self, perp: &PerpFacts) {
        let (severity, text) = match perp.status {
            MarketStatus::Open => (Severity::Info, ""),
            MarketStatus::CloseOnly => {
                (Severity::Warning, "takes no new positions and no more margin; consider closing while it lets you")
            }
            MarketStatus::Paused => (Severity::Alert, "is paused: stops, targets and closes wait until it opens again"),
        };
        // Each status is a crossing of its own, so that a close-only market that is then paused is told again.
        let states = [(MarketStatus::CloseOnly, CLOSE_ONLY), (MarketStatus::Paused, PAUSED)];
        for (status, name) in states {
            let holds = perp.status == status;
            let subject = format!("{} {name}", perp.id);
            if self.memory.crosses(Rule::MarketStatus, &subject, holds, !holds) {
                let reason = format!(
                    "{}: {} {text}. Mark {}, liquidation at {}",
                    perp.id, perp.market, perp.mark, perp.liquidation
                );
                self.fire(Rule::MarketStatus, severity, perp.id.clone(), reason, json!(perp));
            }
        }
    }
}
