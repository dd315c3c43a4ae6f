//! The rule about the user's prices: a loop is left, or brought down, where its price reaches them.

use rust_decimal::Decimal;

use super::{Action, ExitTo, LoopFacts, Rule, loop_inputs::inputs, round::Round};
use crate::{config::LoopExit, journal::Severity};

impl Round<'_> {
    /// The user's prices.
    pub(super) fn price_exit(&mut self, held: &LoopFacts) {
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
