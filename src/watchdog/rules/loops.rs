//! The rules about loops: warn, trim, look ahead, leave at a price, lever up again, interest.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    AccountFacts, Action, ExitTo, Levels, LoopFacts, PairTrim, Pressure, Rule,
    evaluate::Round,
    feed::{believed, judged},
    levels::{ONE, wad},
};
use crate::{
    config::LoopExit,
    journal::Severity,
    plan::Quantity,
    units::{Bps, Wad},
};

impl Round<'_> {
    pub(super) fn loops(&mut self) {
        let facts = self.facts;
        let owing = || facts.loops.iter().filter(|held| !held.debt_value.0.is_zero());
        for held in owing() {
            self.thresholds(held);
            self.forward(held);
            self.insolvent(held);
            self.stress(held);
            self.interest(held);
        }
        match pressed(facts, self.config.act_on_feed) {
            Some((held, pressure)) => self.trim(held, pressure),
            None => self.arm(owing()),
        }
        for held in owing() {
            self.exit(held);
        }
        if self.actions.is_empty() && !self.memory.is_armed() {
            self.boost(owing().max_by_key(|held| held.collateral_value));
        }
    }

    /// Each threshold is told once per crossing, with what follows.
    fn thresholds(&mut self, held: &LoopFacts) {
        let levels = Levels::of(held);
        let severe = Severity::Alert;
        let steps = [
            (Rule::Warn, Some(levels.warn), Severity::Warning, "trimmed below"),
            (Rule::Trigger, Some(levels.trigger), severe, "trimming to"),
            (Rule::Urgent, Some(levels.urgent), severe, "trimming in haste to"),
            (Rule::LastResort, levels.last_resort, severe, "trimming at the bounds of the last resort to"),
            (Rule::Liquidatable, Some(ONE), severe, "anybody may liquidate it; trimming what is left to"),
        ];
        let now = self.facts.health_factor;
        let armed = now < levels.trigger;
        for (rule, level, severity, then) in steps {
            let Some(level) = level else { continue };
            // A last resort above the trigger has nothing to say before the trigger is crossed.
            let holds = now < level && (rule == Rule::Warn || armed);
            if self.crosses(rule, held, holds, now, level) {
                let goal = if rule == Rule::Warn { levels.trigger } else { levels.target };
                let reason = format!(
                    "{}: health factor {} is below {rule} {}; {then} {}",
                    held.pair,
                    hf(now),
                    hf(level),
                    hf(goal)
                );
                self.fire(rule, severity, held.pair.name.clone(), reason, inputs(self.facts, held));
            }
        }
    }

    /// The pool or the feed shows a crossing that Aave's oracle does not show yet.
    fn forward(&mut self, held: &LoopFacts) {
        let levels = Levels::of(held);
        let Some(next) = worst_forward(self.facts) else { return };
        let holds = next < levels.trigger && self.facts.health_factor >= levels.trigger;
        if self.crosses(Rule::Forward, held, holds, next, levels.trigger) {
            let source = if self.facts.at_feed == Some(next) { "the feed behind Aave's oracle" } else { "the pool" };
            let then = match pressed(self.facts, self.config.act_on_feed) {
                Some(_) => "The feed is enough to trim now",
                None => "A trim is kept ready",
            };
            let reason = format!(
                "{}: at the price of {source} the health factor is {}, below trigger {}; by Aave's oracle it is {} still. {then}",
                held.pair,
                hf(next),
                hf(levels.trigger),
                hf(self.facts.health_factor),
            );
            self.fire(Rule::Forward, Severity::Alert, held.pair.name.clone(), reason, inputs(self.facts, held));
        }
    }

    /// Selling can no longer help; only more collateral or money from outside can, and whether it is worth it is for the owner.
    fn insolvent(&mut self, held: &LoopFacts) {
        let least = Levels::of(held).beyond_help;
        let now = self.facts.health_factor;
        let worst = self.facts.at_feed.filter(|_| self.config.act_on_feed).map_or(now, |feed| feed.min(now));
        if self.crosses(Rule::Insolvent, held, worst <= least, worst, least) {
            let (by, then) = if now <= least {
                ("Aave's oracle", "only repaying or adding collateral from outside can save it")
            } else {
                (
                    "the feed behind Aave's oracle",
                    "the rules go by the oracle, which does not show it; repaying or adding collateral from outside helps in any case",
                )
            };
            let reason = format!(
                "{}: by {by} the health factor is {}, at or below {}, where the collateral is worth no more than the debt and \
                 no sale helps; {then}",
                held.pair,
                hf(worst),
                hf(least),
            );
            self.fire(Rule::Insolvent, Severity::Alert, held.pair.name.clone(), reason, inputs(self.facts, held));
        }
    }

    fn stress(&mut self, held: &LoopFacts) {
        let levels = Levels::of(held);
        let Some(stressed) = self.facts.at_stress else { return };
        if self.crosses(Rule::Stress, held, stressed < levels.urgent, stressed, levels.urgent) {
            let share = held.thresholds.stress.saturating_mul(Decimal::ONE_HUNDRED).normalize();
            let reason = format!(
                "{}: a fall of {share} % would bring the health factor to {}, below urgent {}",
                held.pair,
                hf(stressed),
                hf(levels.urgent),
            );
            self.fire(Rule::Stress, Severity::Info, held.pair.name.clone(), reason, inputs(self.facts, held));
        }
    }

    fn trim(&mut self, held: &LoopFacts, pressure: Pressure) {
        match plan_trim(self.facts, held, pressure) {
            Some(trim) => self.actions.push(Action::Trim(trim)),
            None => self.unfit(&held.pair.name, "the target of the trim"),
        }
    }

    /// Keeps a trim ready while a forward price shows a crossing.
    fn arm<'a>(&mut self, mut owing: impl Iterator<Item = &'a LoopFacts>) {
        let facts = self.facts;
        let Some(next) = worst_forward(facts) else {
            self.memory.set_armed(false);
            return;
        };
        let below = |held: &LoopFacts, by: Decimal| next < wad(held.thresholds.trigger.saturating_add(by));
        let recovery = if self.memory.is_armed() { self.config.recovery } else { Decimal::ZERO };
        let crossed = owing.find(|held| below(held, recovery));
        self.memory.set_armed(crossed.is_some());
        let Some(held) = crossed else { return };
        let pressure = Levels::of(held).pressure(next).unwrap_or(Pressure::Trim);
        match plan_trim(facts, held, pressure) {
            Some(trim) => self.actions.push(Action::Arm(trim)),
            None => self.unfit(&held.pair.name, "the target of the trim"),
        }
    }

    /// The user's prices.
    fn exit(&mut self, held: &LoopFacts) {
        let config = self.config;
        let Some(exit) = config.exits.iter().find(|exit| exit.pair.eq_ignore_ascii_case(&held.pair.name)) else {
            return;
        };
        let rules = [
            (Rule::StopLoss, exit.stop_loss.filter(|level| held.price <= *level), exit.stop_loss),
            (Rule::TakeProfit, exit.take_profit.filter(|level| held.price >= *level), exit.take_profit),
        ];
        for (rule, reached, set) in rules {
            let news = self.memory.crosses(rule, &held.pair.name, reached.is_some(), reached.is_none());
            let (Some(_), Some(level)) = (reached, set) else { continue };
            let Some(to) = destination(exit, held) else { continue };
            if news {
                let then = match to {
                    ExitTo::Closed => "closing the loop".to_owned(),
                    ExitTo::Leverage(leverage) => format!("going down to leverage {leverage}"),
                };
                let reason = format!("{}: price {} has reached {rule} {level}; {then}", held.pair, held.price);
                self.fire(rule, Severity::Alert, held.pair.name.clone(), reason, inputs(self.facts, held));
            }
            self.actions.push(Action::Exit { pair: held.pair.clone(), to });
        }
    }

    /// Levers up above the upper health factor, when that cannot call for the next trim.
    fn boost(&mut self, held: Option<&LoopFacts>) {
        let (facts, config) = (self.facts, self.config);
        let Some(held) = held.filter(|_| config.boost.enabled) else { return };
        let chosen = config.boost.of(held.class);
        // The loop's own thresholds may leave less room than those of its class, which were validated.
        let has_room = chosen.problem(&held.thresholds, config.recovery).is_none();
        let target = wad(chosen.target).max(Levels::of(held).floor);
        let rests = self
            .memory
            .last_trim()
            .is_some_and(|last| facts.block.number < last.saturating_add(config.boost.pause_blocks));
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

    fn crosses(&mut self, rule: Rule, held: &LoopFacts, holds: bool, now: Wad, level: Wad) -> bool {
        let back = Wad(level.0.saturating_add(wad(self.config.recovery).0));
        self.memory.crosses(rule, &held.pair.name, holds, now >= back)
    }
}

/// The loop to trim, if any: the most pressing, among equals the one with most debt. The feed behind Aave's oracle counts
/// as the oracle does: it is what the oracle answers next, and whoever sees something to liquidate may bring that answer
/// about at once.
fn pressed(facts: &AccountFacts, act_on_feed: bool) -> Option<(&LoopFacts, Pressure)> {
    let owing = facts.loops.iter().filter(|held| !held.debt_value.0.is_zero());
    let pressing = owing.filter_map(|held| {
        let levels = Levels::of(held);
        let worst = judged(facts, &levels, act_on_feed);
        levels.pressure(worst).filter(|_| worst > levels.beyond_help).map(|pressure| (held, pressure))
    });
    pressing.max_by_key(|(held, pressure)| (*pressure, held.debt_value))
}

fn plan_trim(facts: &AccountFacts, held: &LoopFacts, pressure: Pressure) -> Option<PairTrim> {
    let levels = Levels::of(held);
    Some(PairTrim {
        pair: held.pair.clone(),
        target: levels.target_ahead(facts.health_factor, believed(facts, &levels)).ok()?,
        pressure,
        feed_gap: if facts.at_feed == believed(facts, &levels) { held.feed_gap } else { Bps(0) },
        ahead: facts.health_factor >= levels.trigger,
    })
}

/// The worse of the two forward prices.
fn worst_forward(facts: &AccountFacts) -> Option<Wad> {
    facts.at_pool.into_iter().chain(facts.at_feed).min()
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

fn hf(value: Wad) -> Quantity {
    Quantity::wad(value.0)
}

fn percent(share: Decimal) -> String {
    format!("{} %", share.saturating_mul(Decimal::ONE_HUNDRED).round_dp(2).normalize())
}

/// What a decision about a loop was made on.
fn inputs(facts: &AccountFacts, held: &LoopFacts) -> Value {
    json!({
        "block": facts.block.number,
        "block_hash": facts.block.hash,
        "pre_confirmed": facts.block.pre_confirmed,
        "head_age_ms": u64::try_from(facts.head_age.as_millis()).unwrap_or(u64::MAX),
        "health_factor": hf(facts.health_factor).to_string(),
        "at_pool": facts.at_pool.map(|value| hf(value).to_string()),
        "at_feed": facts.at_feed.map(|value| hf(value).to_string()),
        "at_stress": facts.at_stress.map(|value| hf(value).to_string()),
        "loop": held,
    })
}
