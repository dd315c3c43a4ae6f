//! The rules about the journal's loops: leave at a price, lever up again, interest.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    AccountFacts, Action, ExitTo, Levels, LoopFacts, Rule,
    evaluate::Round,
    health::{hf, worst_forward},
    levels::wad,
};
use crate::{config::LoopExit, journal::Severity, units::Secs};

impl Round<'_> {
    pub(super) fn loops(&mut self) {
        let facts = self.facts;
        for held in &facts.loops {
            self.interest(held);
            self.exit(held);
        }
        if self.actions.is_empty() && !self.memory.is_armed() {
            // Of loops of the same value the one whose name comes first.
            let most = facts.loops.iter().max_by_key(|held| (held.collateral_value, std::cmp::Reverse(&held.pair)));
            self.boost(most);
        }
    }

    /// The user's prices.
    fn exit(&mut self, held: &LoopFacts) {
        let config = self.config;
        let Some(exit) = config.exits.iter().find(|exit| exit.pair.eq_ignore_ascii_case(&held.pair.name)) else {
            return;
        };
        let prices = &held.moving.pair;
        let rules = [
            (Rule::StopLoss, exit.stop_loss, exit.stop_loss.filter(|level| prices.has_stopped(held.price, *level))),
            (Rule::TakeProfit, exit.take_profit, exit.take_profit.filter(|to| prices.has_profited(held.price, *to))),
        ];
        for (rule, set, reached) in rules {
            let news = self.memory.crosses(rule, &held.pair.name, reached.is_some(), reached.is_none());
            let (Some(_), Some(level)) = (reached, set) else { continue };
            let Some(to) = destination(exit, held) else { continue };
            if news {
                let then = match to {
                    ExitTo::Closed => "closing the loop".to_owned(),
                    ExitTo::Leverage(leverage) => format!("going down to leverage {leverage}"),
                };
                let (now, level) = (prices.words(held.price), prices.words(level));
                let reason = format!("{}: {now} has reached {rule} {level}; {then}", held.pair);
                self.fire(rule, Severity::Alert, held.pair.name.clone(), reason, inputs(self.facts, held));
            }
            self.actions.push(Action::Exit { pair: held.pair.clone(), to });
        }
    }

    /// Levers up above the upper health factor, when that cannot call for the next trim.
    fn boost(&mut self, held: Option<&LoopFacts>) {
        let (facts, config) = (self.facts, self.config);
        let Some(held) = held.filter(|_| config.boost.enabled) else { return };
        let chosen = config.boost.of(facts.class);
        // The account's own thresholds may leave less room than those of its class, which were validated.
        let has_room = chosen.problem(&facts.thresholds, config.recovery).is_none();
        let target = wad(chosen.target).max(Levels::of(facts).floor);
        let rests = self
            .memory
            .last_trim()
            .is_some_and(|last| facts.block.timestamp < last.plus(Secs(config.boost.pause.as_secs())));
        let seen = worst_forward(facts).map_or(facts.health_factor, |next| next.min(facts.health_factor));
        let above = wad(chosen.above);
        let wanted = has_room && !rests && seen > above && !self.has_old_oracle();
        if self.memory.crosses(Rule::Boost, &held.pair.name, wanted, !wanted) {
            let reason = format!(
                "{}: health factor {} is above {}; levering up to {}",
                held.pair,
                hf(seen),
                hf(above),
                hf(target)
            );
            self.fire(Rule::Boost, Severity::Info, held.pair.name.clone(), reason, inputs(facts, held));
        }
        if wanted {
            self.actions.push(Action::Boost { pair: held.pair.clone(), target });
        }
    }

    fn interest(&mut self, held: &LoopFacts) {
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

/// Where an exit leads; `None` when the loop is there already.
fn destination(exit: &LoopExit, held: &LoopFacts) -> Option<ExitTo> {
    let Some(leverage) = exit.leverage else { return Some(ExitTo::Closed) };
    let (collateral, debt) = (held.collateral_value.to_decimal()?, held.debt_value.to_decimal()?);
    let equity = collateral.checked_sub(debt)?;
    // A per mille on top, or interest would call for a transaction in every block.
    let most = equity.checked_mul(leverage)?.checked_mul(Decimal::new(1_001, 3))?;
    (collateral > most).then_some(ExitTo::Leverage(leverage))
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

/// What a decision about a loop was made on.
fn inputs(facts: &AccountFacts, held: &LoopFacts) -> Value {
    let mut inputs = super::health::inputs(facts);
    if let Some(inputs) = inputs.as_object_mut() {
        inputs.insert("loop".to_owned(), json!(held));
    }
    inputs
}
