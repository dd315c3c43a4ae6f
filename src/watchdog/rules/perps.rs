//! The rules about perps: loss guard, distance to liquidation, what the venue lets be done.

use rust_decimal::Decimal;
use serde_json::json;

use super::{
    AccountFacts, Action, MarketStatus, Memory, PerpFacts, Rule,
    evaluate::{CLOSE_ONLY, Evaluation, PAUSED, Round},
};
use crate::{
    config::{TopUpConfig, WatchConfig},
    journal::Severity,
    strategy::Side,
};

/// Less margin than this is not worth a transaction, USDC.
const LEAST_TOP_UP: Decimal = Decimal::ONE;
/// Decides about an account's perps, on facts that came in their own time: they take no part in what is decided about its
/// loops. Pure.
#[must_use]
pub fn evaluate_perps(facts: &AccountFacts, config: &WatchConfig, memory: &Memory) -> Evaluation {
    let mut round = Round { facts, config, memory: memory.clone(), firings: Vec::new(), actions: Vec::new() };
    round.perps();
    round.finish()
}

impl Round<'_> {
    fn perps(&mut self) {
        let facts = self.facts;
        for perp in &facts.perps {
            self.market_status(perp);
            self.stop_missed(perp);
            if self.loss_guard(perp).is_none() {
                self.unfit(&perp.id, "the loss");
            }
            if self.liquidation_distance(perp).is_none() {
                self.unfit(&perp.id, "the distance to liquidation");
            }
        }
    }

    /// Told before it matters: on a closed market even a close is cancelled.
    fn market_status(&mut self, perp: &PerpFacts) {
        let (severity, text) = match perp.status {
            MarketStatus::Open => (Severity::Info, ""),
            MarketStatus::CloseOnly => {
                (Severity::Warning, "takes no new positions and no more margin; consider closing while it lets you")
            }
            MarketStatus::Paused => (Severity::Alert, "is paused: stops, targets and closes wait until it opens again"),
        };
        // Each status is a crossing of its own, so that a close-only market that is then paused is told again.
        let states = [(MarketStatus::CloseOnly, CLOSE_ONLY), (MarketStatus::Paused, PAUSED)];
        for (status, name) in states {
            let holds = perp.status == status;
            let subject = format!("{} {name}", perp.id);
            if self.memory.crosses(Rule::MarketStatus, &subject, holds, !holds) {
                let reason = format!(
                    "{}: {} {text}. Mark {}, liquidation at {}",
                    perp.id, perp.market, perp.mark, perp.liquidation
                );
                self.fire(Rule::MarketStatus, severity, perp.id.clone(), reason, json!(perp));
            }
        }
    }

    /// A stop that is passed and not carried out: keepers may be late, or the market shut.
    fn stop_missed(&mut self, perp: &PerpFacts) {
        let passed = perp.stop.filter(|stop| is_worse(perp.side, perp.mark, *stop));
        if self.memory.crosses(Rule::StopMissed, &perp.id, passed.is_some(), passed.is_none())
            && let Some(stop) = passed
        {
            let reason = format!(
                "{}: mark {} is beyond the stop {stop} and the position is open; the venue's keepers have not closed it",
                perp.id, perp.mark
            );
            self.fire(Rule::StopMissed, Severity::Warning, perp.id.clone(), reason, json!(perp));
        }
    }

    /// Tightens the stop half-way to the mark once most of the greatest loss is there; `None` when a figure does not fit.
    fn loss_guard(&mut self, perp: &PerpFacts) -> Option<()> {
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

    /// Tells that a perp is near its liquidation, and adds margin if that is wanted; `None` when a figure does not fit.
    fn liquidation_distance(&mut self, perp: &PerpFacts) -> Option<()> {
        let config = self.config.top_up;
        if perp.entry_distance <= Decimal::ZERO {
            return None;
        }
        let left = match perp.side {
            Side::Long => perp.mark.checked_sub(perp.liquidation)?,
            Side::Short => perp.liquidation.checked_sub(perp.mark)?,
        };
        let left = left.checked_div(perp.entry_distance)?;
        let holds = left <= config.alert_at;
        // Told again only after it was twice as far.
        let recovered = left > config.alert_at.checked_mul(Decimal::TWO)?;
        let news = self.memory.crosses(Rule::LiquidationDistance, &perp.id, holds, recovered);
        let given = self.memory.perp(&perp.id).topped_up.max(perp.topped_up);
        let amount = if holds { top_up(perp, &config, left, given, self.facts.free_usdc)? } else { Decimal::ZERO };
        if news {
            let then = match () {
                () if !config.enabled => "add margin or close (watch.top_up is off)".to_owned(),
                () if amount > Decimal::ZERO => format!("adding {amount} USDC of margin"),
                () => format!(
                    "no margin can be added: {} of {} USDC are used up, {} are free",
                    shown(given),
                    config.cap,
                    shown(self.facts.free_usdc)
                ),
            };
            let share = |value: Decimal| value.saturating_mul(Decimal::ONE_HUNDRED).round_dp(2).normalize();
            let reason = format!(
                "{}: mark {} is {} % of the entry's distance from its liquidation at {}, the limit is {} %; {then}",
                perp.id,
                perp.mark,
                share(left),
                perp.liquidation,
                share(config.alert_at),
            );
            self.fire(Rule::LiquidationDistance, Severity::Alert, perp.id.clone(), reason, json!(perp));
        }
        if amount > Decimal::ZERO {
            self.actions.push(Action::TopUpMargin { perp: perp.id.clone(), amount });
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

/// Margin that brings the distance back to `restore`: the distance grows with the margin, `entry_distance` for
/// `entry_margin`. Cut off to the token's six digits.
fn top_up(perp: &PerpFacts, config: &TopUpConfig, left: Decimal, given: Decimal, free: Decimal) -> Option<Decimal> {
    if !config.enabled || perp.status != MarketStatus::Open {
        return Some(Decimal::ZERO);
    }
    let missing = config.restore.checked_sub(left)?;
    let wanted = perp.entry_margin.checked_mul(missing)?;
    let room = config.cap.checked_sub(given)?;
    let amount = wanted.min(room).min(free).trunc_with_scale(6).normalize();
    Some(if amount < LEAST_TOP_UP { Decimal::ZERO } else { amount })
}

/// Whether a price is worse for a side than another.
fn is_worse(side: Side, price: Decimal, than: Decimal) -> bool {
    match side {
        Side::Long => price < than,
        Side::Short => price > than,
    }
}

fn shown(amount: Decimal) -> Decimal {
    amount.round_dp(6).normalize()
}
