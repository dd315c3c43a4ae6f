//! What the rules remember of an account from head to head, and across restarts.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::B256;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Action, Rule};
use crate::{
    plan::{Plan, Quantity},
    units::{Secs, Wad},
};

/// What is supplied and owed, by the token's symbol.
pub(super) type Held = BTreeMap<String, (Quantity, Quantity)>;

/// Earlier versions kept whole numbers: then the next head's amounts are taken as they are.
fn held_of_any_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Held, D::Error> {
    let kept = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(kept).unwrap_or_default())
}

/// State of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Crossings that were told and are not over, as `rule subject`.
    crossed: BTreeSet<String>,
    /// A forward price shows a crossing: a trim is kept ready.
    armed: bool,
    /// When the last trim was mined.
    last_trim: Option<Secs>,
    /// What was supplied and owed at the last head, by the token's symbol.
    #[serde(deserialize_with = "held_of_any_version")]
    held: Held,
    /// An action of ours changed them since, nobody knows by how much.
    changing: bool,
    /// An action of ours changed them since as its plan said, which is in `held` already.
    #[serde(default)]
    foreseen: bool,
    /// Head that was last acted upon, and the health factor it showed.
    acted: Option<(B256, Wad)>,
    /// By the perp's name.
    perps: BTreeMap<String, PerpMemory>,
    /// The chain's nonce that was last told to be ahead of ours.
    nonce: Option<u64>,
}

/// State of one perp.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PerpMemory {
    /// How often the guard tightened its stop.
    pub(super) guard_uses: u32,
    /// The guard has acted and the perp has not recovered since.
    pub(super) guard_spent: bool,
    /// Margin added, USDC.
    pub(super) topped_up: Decimal,
}

impl Memory {
    /// Whether a trim is kept ready.
    #[must_use]
    pub const fn is_armed(&self) -> bool {
        self.armed
    }

    /// When the last trim was mined.
    #[must_use]
    pub const fn last_trim(&self) -> Option<Secs> {
        self.last_trim
    }

    /// Notes that an action was mined.
    pub fn done(&mut self, action: &Action, at: Secs) {
        match action {
            Action::Trim(_) => {
                self.last_trim = self.last_trim.max(Some(at));
                self.changing |= !std::mem::take(&mut self.foreseen);
            }
            Action::Boost { .. } => self.changing = true,
            Action::Exit { .. } => self.expect_change(),
            Action::TightenStop { perp, .. } => {
                let perp = self.perps.entry(perp.clone()).or_default();
                perp.guard_uses = perp.guard_uses.saturating_add(1);
                perp.guard_spent = true;
            }
            Action::TopUpMargin { perp, amount } => {
                let perp = self.perps.entry(perp.clone()).or_default();
                perp.topped_up = perp.topped_up.saturating_add(*amount);
            }
            _ => {}
        }
    }

    /// Notes what a plan of ours that was mined changes: of the pair's two assets, what is supplied and what is owed. Whatever is
    /// less than that at the next head, somebody else has taken: a liquidation hides behind no trim of ours.
    pub fn foresee(&mut self, plan: &Plan) {
        let (Some(supplied), Some(owed)) = (plan.figure("collateral"), plan.figure("debt")) else { return };
        for (figure, is_debt) in [(supplied, false), (owed, true)] {
            let Some(held) = self.held.get_mut(&figure.before.unit) else { continue };
            let amount = if is_debt { &mut held.1 } else { &mut held.0 };
            let less = figure.before.raw.saturating_sub(figure.after.raw);
            amount.raw =
                amount.raw.saturating_sub(less).saturating_add(figure.after.raw.saturating_sub(figure.before.raw));
        }
        self.foreseen = true;
    }

    /// Something of ours outside of these rules changes the loops: the next head's amounts are taken as they are.
    pub fn expect_change(&mut self) {
        self.held.clear();
    }

    /// Takes the amounts of this head; answers with those of the last one, and whether an action of ours lies between.
    pub(super) fn take_held(&mut self, held: Held) -> (Held, bool) {
        self.foreseen = false;
        (std::mem::replace(&mut self.held, held), std::mem::take(&mut self.changing))
    }

    /// Whether a rule newly holds for a subject. It counts as over only when `recovered`; between the two nothing changes.
    pub(super) fn crosses(&mut self, rule: Rule, subject: &str, holds: bool, recovered: bool) -> bool {
        let key = format!("{rule} {subject}");
        if holds {
            return self.crossed.insert(key);
        }
        if recovered {
            self.crossed.remove(&key);
        }
        false
    }

    /// Whether a rule holds for a subject, as far as was told.
    pub(super) fn has_crossed(&self, rule: Rule, subject: &str) -> bool {
        self.crossed.contains(&format!("{rule} {subject}"))
    }

    /// Arms or disarms.
    pub(super) const fn set_armed(&mut self, armed: bool) {
        self.armed = armed;
    }

    /// Whether the chain's nonce is told for the first time.
    pub(super) fn nonce_is_news(&mut self, on_chain: u64) -> bool {
        self.nonce.replace(on_chain) != Some(on_chain)
    }

    /// Whether this head with this health factor was acted upon already; notes that it is now.
    pub(super) fn acts_again(&mut self, head: B256, health_factor: Wad) -> bool {
        self.acted.replace((head, health_factor)) == Some((head, health_factor))
    }

    /// A perp's state.
    pub(super) fn perp(&mut self, id: &str) -> &mut PerpMemory {
        self.perps.entry(id.to_owned()).or_default()
    }

    /// Forgets what is no longer there: loops that are gone, perps that were closed.
    pub(super) fn keep(&mut self, subjects: &BTreeSet<String>, perps: &BTreeSet<&str>) {
        self.crossed.retain(|key| key.split_once(' ').is_none_or(|(_, subject)| subjects.contains(subject)));
        self.perps.retain(|id, _| perps.contains(id.as_str()));
    }
}
