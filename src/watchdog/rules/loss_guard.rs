//! The rule that tightens a perp's stop once most of what it may lose is lost.

use rust_decimal::Decimal;
use serde_json::json;

use super::{
    Action, PerpFacts, Rule,
    perps::{is_worse, shown},
    round::Round,
};
use crate::journal::Severity;

impl Round<'_> {
    pub(super) fn loss_guard(&mut self, perp: &PerpFacts) {
        if self.guard(perp).is_none() {
            self.unfit(&perp.id, "the loss");
        }
    }

    /// Tightens the stop half-way to the mark once most of the greatest loss is there; `None` when a figure does not fit.
    fn guard(&mut self, perp: &PerpFacts) -> Option<()> {
        let config = self.config.loss_guard;
        let at = perp.max_loss.checked_mul(config.at)?;
        let rearm = perp.max_loss.checked_mul(config.rearm)?;
        let loss = Decimal::ZERO.checked_sub(perp.unrealised)?;
        let holds = loss >= at && perp.max_loss > Decimal::ZERO;
        let news = self.memory.crosses(Rule::LossGuard, &perp.id, holds, loss < rearm);
        let memory = self.memory.perp(&perp.id);
        if loss < rearm {
            memory.guard_spent = false;
        }
        let uses = memory.guard_uses.max(perp.guard_uses);
        let rests = memory.guard_spent || uses >= config.max;
        if !config.enabled || !holds || rests {
            return Some(());
        }
        let stop = tightened(perp)?;
        let tells = |then: String| {
            format!(
                "{}: loss {} USDC of at most {}, the guard acts at {at}; {then}",
                perp.id,
                shown(loss),
                shown(perp.max_loss)
            )
        };
        match stop {
            Some(stop) => {
                if news {
                    let reason = tells(format!("by the guard the stop belongs at {stop}, half-way from {}", perp.mark));
                    self.fire(Rule::LossGuard, Severity::Warning, perp.id.clone(), reason, json!(perp));
                }
                self.actions.push(Action::TightenStop { perp: perp.id.clone(), stop });
            }
            None if news => {
                let reason = tells("the mark is beyond its stop already, nothing to tighten".to_owned());
                self.fire(Rule::LossGuard, Severity::Warning, perp.id.clone(), reason, json!(perp));
            }
            None => {}
        }
        Some(())
    }
}

/// Half-way between the mark and the old stop, never looser; without a stop, the liquidation price stands for it. The inner
/// `None` is a mark that is beyond the stop already.
#[allow(clippy::option_option)]
fn tightened(perp: &PerpFacts) -> Option<Option<Decimal>> {
    let old = perp.stop.unwrap_or(perp.liquidation);
    if perp.mark == old || is_worse(perp.side, perp.mark, old) {
        return Some(None);
    }
    let middle = perp.mark.checked_add(old)?.checked_div(Decimal::TWO)?;
    Some(Some(middle.normalize()))
}
