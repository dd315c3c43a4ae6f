//! One check and its answer.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// The six rules of strategy.md §4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// 1: what the loan-to-value allows.
    LoopLeverage,
    /// 2: health factor after opening.
    OpeningHealthFactor,
    /// 3: the pair's least notional.
    PerpMinimum,
    /// 4: leverage range, stops, open interest, hours, listing, allowance, gas.
    Venue,
    /// 5: target distance against costs.
    Edge,
    /// 6: funds, and the loop at its stress price.
    Survival,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoopLeverage => "loop leverage",
            Self::OpeningHealthFactor => "opening health factor",
            Self::PerpMinimum => "perp minimum",
            Self::Venue => "venue",
            Self::Edge => "edge",
            Self::Survival => "survival",
        })
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// As asked.
    Passed,
    /// Passed after a policy changed the size.
    Adjusted,
    /// Not possible.
    Refused,
}

/// One check, printed as one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// The rule.
    pub rule: Rule,
    /// How it came out.
    pub verdict: Verdict,
    /// Both figures, and what to do when refused.
    pub text: String,
}

impl Check {
    pub(super) const fn new(rule: Rule, verdict: Verdict, text: String) -> Self {
        Self { rule, verdict, text }
    }

    /// Passed or refused.
    pub(super) const fn is(rule: Rule, passed: bool, text: String) -> Self {
        Self::new(rule, if passed { Verdict::Passed } else { Verdict::Refused }, text)
    }

    /// A check whose figures do not fit the arithmetic.
    pub(super) fn unfit(rule: Rule) -> Self {
        let text = "cannot be computed from these figures: they are too large or zero".to_owned();
        Self::new(rule, Verdict::Refused, text)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Passed => "ok",
            Verdict::Adjusted => "adjusted",
            Verdict::Refused => "refused",
        };
        write!(f, "{}: {verdict}: {}", self.rule, self.text)
    }
}
