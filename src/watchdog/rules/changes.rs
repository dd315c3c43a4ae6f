//! The rule about amounts that shrink without us: what a liquidation looks like at the first head after it.

use std::collections::BTreeMap;

use alloy::primitives::U256;
use serde::Serialize;
use serde_json::json;

use super::{Rule, round::Round};
use crate::{journal::Severity, plan::Quantity};

/// Below a hundredth of the amount a change is too small to tell of.
const SMALL: U256 = U256::from_limbs([100, 0, 0, 0]);

/// An amount that shrank.
#[derive(Debug, Serialize)]
struct Change {
    symbol: String,
    /// `supplied` or `owed`.
    what: &'static str,
    before: Quantity,
    after: Quantity,
    #[serde(skip)]
    words: String,
}

impl Round<'_> {
    /// A liquidation takes collateral and repays debt, of any two assets. Whatever our own actions changed since the last head
    /// is not told as one: their own reports say what they did.
    pub(super) fn changes(&mut self) {
        let facts = self.facts;
        let now: BTreeMap<_, _> = facts
            .holdings
            .iter()
            .map(|held| (held.symbol.clone(), (held.supplied.clone(), held.owed.clone())))
            .collect();
        let (last, is_ours) = self.memory.take_held(now.clone());
        if is_ours {
            return;
        }
        let mut changed = Vec::new();
        let (mut supply_fell, mut debt_fell) = (false, false);
        for (symbol, before) in last {
            let none = |of: &Quantity| Quantity { raw: U256::ZERO, ..of.clone() };
            let after = now.get(&symbol).cloned().unwrap_or_else(|| (none(&before.0), none(&before.1)));
            for (what, before, after, fell) in
                [("supplied", before.0, after.0, &mut supply_fell), ("owed", before.1, after.1, &mut debt_fell)]
            {
                if shrank(before.raw, after.raw) {
                    *fell = true;
                    let words = format!("what is {what} fell from {before} to {after}");
                    changed.push(Change { symbol: symbol.clone(), what, before, after, words });
                }
            }
        }
        if !(supply_fell && debt_fell) {
            return;
        }
        let words: Vec<&str> = changed.iter().map(|change| change.words.as_str()).collect();
        let health_factor = Quantity::wad(facts.health_factor.0);
        let reason = format!(
            "{}: {}, and no action of ours asked for that: it was liquidated, or changed elsewhere. Health \
             factor is {health_factor}",
            facts.name,
            words.join(", "),
        );
        let inputs = json!({ "block": facts.block.number, "changes": changed, "health_factor": health_factor });
        self.fire(Rule::Changed, Severity::Alert, facts.name.clone(), reason, inputs);
    }
}

fn shrank(before: U256, after: U256) -> bool {
    after < before && before - after > before / SMALL
}
