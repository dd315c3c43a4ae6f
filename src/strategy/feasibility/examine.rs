//! All checks of one size.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Check, Market, Policies, Rule, Verdict, loops, perps};
use crate::strategy::{Levels, Outcome, Size, outcome};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Feasibility {
    /// What is left of the size after the policies.
    pub size: Size,
    /// Every check, in the order of the rules.
    pub checks: Vec<Check>,
    /// What the perp wins and loses at that size; arithmetic only when a check refused.
    pub outcome: Option<Outcome>,
}

impl Feasibility {
    /// Whether no check refused.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        self.refused().next().is_none()
    }

    /// The checks that refused.
    pub fn refused(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.verdict == Verdict::Refused)
    }
}

/// Examines a size against a market. The perp comes first: its margin may be raised, and a borrowed margin counts in the
/// loop's health factor.
#[must_use]
pub fn examine(size: &Size, levels: Levels, market: &Market, policies: &Policies) -> Feasibility {
    let mut size = size.clone();
    let mut checks = perps::fit(&mut size, &market.pair, policies);
    checks.extend(perps::limits(&size, levels, &market.pair, &market.funds));
    let ends = outcome(size.margin, size.perp_leverage, levels, &market.pair.costs);
    checks.push(
        perps::edge(levels, &market.pair.costs, ends.as_ref(), policies).unwrap_or_else(|| Check::unfit(Rule::Edge)),
    );
    checks.push(perps::funds(&size, &market.funds, policies).unwrap_or_else(|| Check::unfit(Rule::Survival)));
    checks.extend(loops::checks(&mut size, &market.lending, policies));
    checks.sort_by_key(|check| check.rule);
    Feasibility { size, checks, outcome: ends }
}
