//! The rule about amounts that shrink without us: what a liquidation looks like at the first head after it.

use std::collections::BTreeMap;

use alloy::primitives::U256;
use serde_json::json;

use super::{Rule, evaluate::Round};
use crate::{journal::Severity, plan::Quantity};

/// Below a hundredth of the amount a change is dust.
const DUST: U256 = U256::from_limbs([100, 0, 0, 0]);

impl Round<'_> {
    pub(super) fn changes(&mut self) {
        let facts = self.facts;
        let now: BTreeMap<_, _> =
            facts.loops.iter().map(|held| (held.pair.name.clone(), (held.collateral, held.debt))).collect();
        let (last, is_ours) = self.memory.take_held(now.clone());
        for (pair, before) in last {
            // A loop that is gone has neither.
            let after = now.get(&pair).copied().unwrap_or_default();
            // After a trim of ours less is expected, but no trim leaves nothing.
            if is_ours && !after.1.is_zero() {
                continue;
            }
            if shrank(before.0, after.0) && shrank(before.1, after.1) {
                let health_factor = Quantity::wad(facts.health_factor.0);
                let reason = format!(
                    "{pair}: collateral fell from {} to {} and debt from {} to {} (smallest units) and no action of ours \
                     asked for that: it was liquidated, or changed elsewhere. Health factor is {health_factor}",
                    before.0, after.0, before.1, after.1,
                );
                let inputs = json!({
                    "block": facts.block.number,
                    "before": [before.0.to_string(), before.1.to_string()],
                    "after": [after.0.to_string(), after.1.to_string()],
                    "health_factor": health_factor,
                });
                self.fire(Rule::Changed, Severity::Alert, pair, reason, inputs);
            }
        }
    }
}

fn shrank(before: U256, after: U256) -> bool {
    after < before && before - after > before / DUST
}
