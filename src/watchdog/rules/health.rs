//! The rules about the account's health: warn, trim, look ahead, shocks.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    AccountFacts, AccountTrim, Action, Levels, Pressure, Rule,
    feed::{believed, judged},
    levels::{ONE, wad},
    round::{ACCOUNT, Round},
};
use crate::{journal::Severity, plan::Quantity, units::Wad};

impl Round<'_> {
    /// An account without debt that matters has nothing to be healthy about.
    pub(super) fn health(&mut self) {
        if self.facts.debt_value.0.is_zero() {
            self.memory.set_armed(false);
            return;
        }
        let levels = Levels::of(self.facts);
        self.thresholds(&levels);
        self.forward(&levels);
        self.insolvent(&levels);
        self.stress(&levels);
        match pressure(self.facts, &levels, self.config.act_on_feed) {
            Some(pressure) => self.trim(&levels, pressure),
            None => self.arm(&levels),
        }
    }

    /// Each threshold is told once per crossing, with where the rules want the account; whether anything is done is told by
    /// whoever does it, or only looks on.
    fn thresholds(&mut self, levels: &Levels) {
        let severe = Severity::Alert;
        let steps = [
            (Rule::Warn, Some(levels.warn), Severity::Warning, "the trigger is"),
            (Rule::Trigger, Some(levels.trigger), severe, "the target is"),
            (Rule::Urgent, Some(levels.urgent), severe, "the target is"),
            (Rule::LastResort, levels.last_resort, severe, "the target is"),
            (Rule::Liquidatable, Some(ONE), severe, "anybody may liquidate it; the target is"),
        ];
        let now = self.facts.health_factor;
        let armed = now < levels.trigger;
        for (rule, level, severity, then) in steps {
            let Some(level) = level else { continue };
            // A last resort above the trigger has nothing to say before the trigger is crossed.
            let holds = now < level && (rule == Rule::Warn || armed);
            if self.crosses(rule, holds, now, level) {
                let goal = if rule == Rule::Warn { levels.trigger } else { levels.target };
                let name = &self.facts.name;
                let reason =
                    format!("{name}: health factor {} is below {rule} {}; {then} {}", hf(now), hf(level), hf(goal));
                self.tell_health(rule, severity, reason);
            }
        }
    }

    /// The pool or the feed shows a crossing that Aave's oracle does not show yet.
    fn forward(&mut self, levels: &Levels) {
        let Some(next) = worst_forward(self.facts) else { return };
        let holds = next < levels.trigger && self.facts.health_factor >= levels.trigger;
        if self.crosses(Rule::Forward, holds, next, levels.trigger) {
            let source = if self.facts.at_feed == Some(next) { "the feed behind Aave's oracle" } else { "the pool" };
            let then = match pressure(self.facts, levels, self.config.act_on_feed) {
                Some(_) => "By the rules the feed alone calls for a trim",
                None => "By the rules that calls for no trim yet",
            };
            let reason = format!(
                "{}: at the price of {source} the health factor is {}, below trigger {}; by Aave's oracle it is {} still. {then}",
                self.facts.name,
                hf(next),
                hf(levels.trigger),
                hf(self.facts.health_factor),
            );
            self.tell_health(Rule::Forward, Severity::Alert, reason);
        }
    }

    /// By the oracle the collateral pays for the debt no more. The oracle may be wrong, and whoever liquidates acts on it: what
    /// pools let through is tried all the same, and the owner is told what would save the rest.
    fn insolvent(&mut self, levels: &Levels) {
        let now = self.facts.health_factor;
        let worst = self.facts.at_feed.filter(|_| self.config.act_on_feed).map_or(now, |feed| feed.min(now));
        if self.crosses(Rule::Insolvent, worst <= levels.insolvent, worst, levels.insolvent) {
            let (by, then) = if now <= levels.insolvent {
                let then = format!(
                    "what the pools let through is tried all the same. Only repaying or adding collateral is sure to help; where \
                     the oracle is wrong, {} sells at the pools' prices",
                    closing(self.facts)
                );
                ("Aave's oracle", then)
            } else {
                let then = "the rules go by the oracle, which does not show it; repaying or adding collateral from outside \
                            helps in any case";
                ("the feed behind Aave's oracle", then.to_owned())
            };
            let reason = format!(
                "{}: by {by} the health factor is {}, at or below {}, where the collateral is worth no more than the debt; {then}",
                self.facts.name,
                hf(worst),
                hf(levels.insolvent),
            );
            self.tell_health(Rule::Insolvent, Severity::Alert, reason);
        }
    }

    fn stress(&mut self, levels: &Levels) {
        let Some(stressed) = self.facts.at_stress else { return };
        if self.crosses(Rule::Stress, stressed < levels.urgent, stressed, levels.urgent) {
            let share = self.facts.thresholds.stress;
            let percent = share.saturating_mul(Decimal::ONE_HUNDRED).normalize();
            let words = match self.facts.loops.as_slice() {
                [held] => held.moving.loss_words(share),
                _ => format!("a move of {percent} % against the account"),
            };
            let reason = format!(
                "{}: {words} would bring the health factor to {}, below urgent {}",
                self.facts.name,
                hf(stressed),
                hf(levels.urgent),
            );
            self.tell_health(Rule::Stress, Severity::Info, reason);
        }
    }

    fn trim(&mut self, levels: &Levels, pressure: Pressure) {
        match trim(self.facts, levels, pressure) {
            Some(trim) => self.actions.push(Action::Trim(trim)),
            None => self.unfit(ACCOUNT, "the target of the trim"),
        }
    }

    /// Keeps a trim ready while a forward price shows a crossing.
    fn arm(&mut self, levels: &Levels) {
        let Some(next) = worst_forward(self.facts) else {
            self.memory.set_armed(false);
            return;
        };
        let recovery = if self.memory.is_armed() { self.config.recovery } else { Decimal::ZERO };
        let crossed = next < Wad(levels.trigger.0.saturating_add(wad(recovery).0));
        self.memory.set_armed(crossed);
        if !crossed {
            return;
        }
        let pressure = levels.pressure(next).unwrap_or(Pressure::Trim);
        match trim(self.facts, levels, pressure) {
            Some(trim) => self.actions.push(Action::Arm(trim)),
            None => self.unfit(ACCOUNT, "the target of the trim"),
        }
    }

    fn crosses(&mut self, rule: Rule, holds: bool, now: Wad, level: Wad) -> bool {
        let back = Wad(level.0.saturating_add(wad(self.config.recovery).0));
        self.memory.crosses(rule, ACCOUNT, holds, now >= back)
    }

    fn tell_health(&mut self, rule: Rule, severity: Severity, reason: String) {
        let inputs = inputs(self.facts);
        self.fire(rule, severity, self.facts.name.clone(), reason, inputs);
    }
}

/// How pressing a trim is, if one is due. The feed behind Aave's oracle counts as the oracle does: it is what the oracle
/// answers next, and whoever sees something to liquidate may bring that answer about at once.
fn pressure(facts: &AccountFacts, levels: &Levels, act_on_feed: bool) -> Option<Pressure> {
    levels.pressure(judged(facts, levels, act_on_feed))
}

/// A trim that began earlier, as this head wants it: towards the same threshold, at the bounds of where the account is now.
#[must_use]
pub fn trim_on(facts: &AccountFacts, act_on_feed: bool) -> Option<AccountTrim> {
    let levels = Levels::of(facts);
    trim(facts, &levels, pressure(facts, &levels, act_on_feed).unwrap_or(Pressure::Trim))
}

fn trim(facts: &AccountFacts, levels: &Levels, pressure: Pressure) -> Option<AccountTrim> {
    Some(AccountTrim {
        account: facts.name.clone(),
        target: levels.target_ahead(facts.health_factor, believed(facts, levels)).ok()?,
        pressure,
        by_feed: facts.at_feed.is_some() && facts.at_feed == believed(facts, levels),
        ahead: facts.health_factor >= levels.trigger,
    })
}

/// The worse of the two forward prices.
pub(super) fn worst_forward(facts: &AccountFacts) -> Option<Wad> {
    facts.at_pool.into_iter().chain(facts.at_feed).min()
}

/// The commands that close what the account has.
fn closing(facts: &AccountFacts) -> String {
    let command = |collateral: &str, debt: &str| {
        format!("`trimtab loop close --collateral {collateral} --debt {debt} --broadcast`")
    };
    let of_loops = facts.loops.iter().filter_map(|held| held.pair.name.split_once('/'));
    let all: Vec<String> = of_loops.map(|(collateral, debt)| command(collateral, debt)).collect();
    if all.is_empty() { "`trimtab loop close --include-existing --broadcast`".to_owned() } else { all.join(" or ") }
}

pub(super) fn hf(value: Wad) -> Quantity {
    Quantity::wad(value.0)
}

/// What a decision about the account was made on.
pub(super) fn inputs(facts: &AccountFacts) -> Value {
    json!({
        "block": facts.block.number,
        "block_hash": facts.block.hash,
        "head_age_ms": u64::try_from(facts.head_age.as_millis()).unwrap_or(u64::MAX),
        "health_factor": hf(facts.health_factor).to_string(),
        "at_pool": facts.at_pool.map(|value| hf(value).to_string()),
        "at_feed": facts.at_feed.map(|value| hf(value).to_string()),
        "at_stress": facts.at_stress.map(|value| hf(value).to_string()),
        "thresholds": facts.thresholds,
        "collateral_usd": facts.collateral_value.to_string(),
        "debt_usd": facts.debt_value.to_string(),
        "holdings": facts.holdings,
        "oracles": facts.oracles,
        "loops": facts.loops,
    })
}
