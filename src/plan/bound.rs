//! Bounds and the check that approves a plan.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, Quantity};
use crate::units::Secs;

/// On which side of its limit a figure must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The figure must not be below the limit.
    AtLeast,
    /// The figure must not be above the limit.
    AtMost,
}

/// One limit of a plan with both figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// What is bounded, in words that finish the sentence "… is above/below the limit".
    pub name: String,
    /// The side.
    pub rule: Rule,
    /// What the plan has.
    pub actual: Quantity,
    /// What it may have; same decimals as `actual`.
    pub limit: Quantity,
    /// Whether breaking it refuses the plan; otherwise it only informs (the oracle gate of a debt-lowering action).
    pub blocking: bool,
    /// What the user can do about it.
    pub hint: String,
}

impl Bound {
    /// Whether it holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.rule {
            Rule::AtLeast => self.actual.raw >= self.limit.raw,
            Rule::AtMost => self.actual.raw <= self.limit.raw,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relation = match (self.rule, self.holds()) {
            (Rule::AtLeast, true) => "at least",
            (Rule::AtLeast, false) => "below",
            (Rule::AtMost, true) => "at most",
            (Rule::AtMost, false) => "above",
        };
        let what = if self.holds() { "" } else { "the limit " };
        write!(f, "{} {} is {relation} {what}{}", self.name, self.actual, self.limit)?;
        if !self.holds() && !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

/// Why a plan was not approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Bounds do not hold.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Bounds(Vec<Bound>),
    /// The plan is too old.
    #[error("the plan was valid until {valid_until}, chain time is {now}: plan again", valid_until = .valid_until.0, now = .now.0)]
    Expired {
        /// Its last moment.
        valid_until: Secs,
        /// Chain time now.
        now: Secs,
    },
    /// The plan is for somewhere or somebody else.
    #[error("the plan is for {field} {planned}, this is {here}")]
    Elsewhere {
        /// `network` or `account`.
        field: &'static str,
        /// What the plan says.
        planned: String,
        /// Where we are.
        here: String,
    },
}

/// Something whose bounds were checked. Only [`check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was approved.
    pub const fn get(&self) -> &T {
        &self.0
    }
}

/// Approves a plan whose bounds all hold at chain time `now` on `network`; pure.
pub fn check(plan: Plan, network: &str, now: Secs) -> Result<Approved<Plan>, Refusal> {
    if plan.network != network {
        return Err(Refusal::Elsewhere { field: "network", planned: plan.network, here: network.to_owned() });
    }
    if now > plan.valid_until {
        return Err(Refusal::Expired { valid_until: plan.valid_until, now });
    }
    let broken: Vec<Bound> = plan.bounds.iter().filter(|bound| bound.blocking && !bound.holds()).cloned().collect();
    if broken.is_empty() { Ok(Approved(plan)) } else { Err(Refusal::Bounds(broken)) }
}
