//! Bounds and the check that approves a plan.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quantity;

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
