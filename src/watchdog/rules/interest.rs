//! The rule about what a loop costs: the borrow rate, and what carrying it takes of its equity.

use rust_decimal::Decimal;

use super::{LoopFacts, Rule, loop_inputs::inputs, round::Round};
use crate::journal::Severity;

impl Round<'_> {
    pub(super) fn interest(&mut self, held: &LoopFacts) {
        let limits = self.config.carry;
        if let Some(most) = limits.max_borrow_rate {
            let rate = held.borrow_rate;
            let text = format!("borrowing costs {} a year, the limit is {}", percent(rate), percent(most));
            self.limit(Rule::BorrowRate, held, rate, most, text);
        }
        let Some(most) = limits.max_cost else { return };
        match yearly_cost(held) {
            Some(cost) => {
                let text =
                    format!("carrying it costs {} of its equity a year, the limit is {}", percent(cost), percent(most));
                self.limit(Rule::Carry, held, cost, most, text);
            }
            None => self.unfit(&held.pair.name, "the cost of carrying"),
        }
    }

    fn limit(&mut self, rule: Rule, held: &LoopFacts, value: Decimal, most: Decimal, text: String) {
        // Rates move with every block: the alert comes again only after the rate was a tenth below its limit.
        let recovered = value < most.saturating_mul(Decimal::new(9, 1));
        if self.memory.crosses(rule, &held.pair.name, value > most, recovered) {
            let reason = format!("{}: {text}", held.pair);
            self.fire(rule, Severity::Warning, held.pair.name.clone(), reason, inputs(self.facts, held));
        }
    }
}

/// What is paid above what is earned in a year, as a share of the equity. A loop without equity costs all of it.
fn yearly_cost(held: &LoopFacts) -> Option<Decimal> {
    let equity = held.collateral_value.to_decimal()?.checked_sub(held.debt_value.to_decimal()?)?;
    let cost = held.net_carry_per_day.checked_mul(Decimal::from(-365))?;
    if cost <= Decimal::ZERO {
        return Some(Decimal::ZERO);
    }
    if equity <= Decimal::ZERO {
        return Some(Decimal::ONE);
    }
    cost.checked_div(equity)
}

fn percent(share: Decimal) -> String {
    format!("{} %", share.saturating_mul(Decimal::ONE_HUNDRED).round_dp(2).normalize())
}
