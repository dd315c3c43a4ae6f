//! What was decided and done, told to the journal, to people and to the figures.

use rust_decimal::Decimal;
use serde_json::json;

use super::{ActionReport, WatchError, WatchedAccount, account::SignerAccess};
use crate::{
    journal::{Event, JournalError, Sample, Severity, Stamp},
    loops::algebra::leverage_wad,
    units::{Millis, Secs, WAD, Wad},
    watchdog::{
        ops::{AccountGauges, Alert, LoopGauges},
        rules::{AccountFacts, Action, Firing, Levels, Rule},
    },
};

/// How often the course is written down, and how often below the warning.
const SAMPLE: Secs = Secs(60);
const SAMPLE_LOW: Secs = Secs(2);

impl WatchedAccount {
    /// Journals every firing with its inputs, raises alerts, counts.
    pub(super) fn tell(&self, facts: &AccountFacts, firings: &[Firing]) {
        let names = perp_names(facts);
        let deepest = firings.iter().filter_map(|firing| threshold_rank(firing.rule)).max();
        for firing in firings {
            let Firing { rule, severity, subject, reason, inputs } = firing;
            self.office.meters.decision(rule.name(), "fired");
            self.journal_event(facts, *severity, rule.name(), reason, inputs.clone());
            // A fall through several thresholds at one head is one message: the deepest.
            if threshold_rank(*rule).is_some_and(|rank| Some(rank) < deepest) {
                tracing::debug!(account = %self.account, %rule, subject, block = facts.block.number, "{reason}");
                continue;
            }
            let text = format!("{}{}", named(&names, reason), self.looks_on());
            let alert = Alert::new(*severity, rule.name(), named(&names, subject), text);
            self.office.alerts.raise_event(alert.of(self.account).with_figures(inputs.clone()));
        }
        let account = self.account.to_string();
        self.office.meters.account_gauges(&account, AccountGauges { health_factor: to_decimal(facts.health_factor) });
        for held in &facts.loops {
            let leverage = leverage_wad(held.collateral_value.0, held.debt_value.0);
            let is_over = facts.health_factor < Wad(WAD);
            let way = |there: Decimal| there.checked_sub(held.price)?.abs().checked_div(held.price);
            let gauges = LoopGauges {
                leverage: to_decimal(Wad(leverage)),
                collateral: held.collateral_value.to_decimal(),
                debt: held.debt_value.to_decimal(),
                distance: held.liquidation_price.and_then(way).map(|way| if is_over { -way } else { way }),
            };
            self.office.meters.loop_gauges(&account, &held.pair.name, gauges);
        }
    }

    /// What is said of an account for which nothing is sent; nothing of others.
    fn looks_on(&self) -> &'static str {
        match (self.can_act(), self.office.shadow) {
            (false, _) => " (this account is only looked at: nothing is sent)",
            (true, true) => " (shadow: nothing is sent)",
            (true, false) => "",
        }
    }

    /// Tells what an action came to.
    pub(super) fn tell_acted(&self, facts: &AccountFacts, acted: &ActionReport) {
        let names = perp_names(facts);
        let kind = acted.action.name();
        let outcome = if acted.mined_in.is_some() { "mined" } else { "not-mined" };
        self.office.meters.action(kind, outcome);
        let severity = match (&acted.action, acted.mined_in) {
            (Action::Arm(_) | Action::SwitchRpc | Action::ResyncNonce { .. }, _) => Severity::Info,
            (_, Some(_)) => Severity::Warning,
            (_, None) => Severity::Alert,
        };
        let repeats = self.course.repeats().filter(|_| matches!(acted.action, Action::Trim(_)));
        let (words, figures) = match repeats {
            Some(rungs) => (format!("nothing can be done by the {rungs} rungs of the head before"), json!({})),
            None => (acted.words.clone(), json!(acted)),
        };
        self.journal_event(facts, severity, kind, &words, figures);
        // Where nothing is sent in any case there is no failure to tell: what fired was told.
        if severity == Severity::Info || !self.looks_on().is_empty() {
            tracing::info!(account = %self.account, action = kind, outcome, "{}", named(&names, &words));
            return;
        }
        let subject = named(&names, &subject(&acted.action));
        let alert = Alert::new(severity, format!("{kind}-{outcome}"), subject, named(&names, &acted.words));
        let alert = alert.of(self.account).with_figures(json!(acted));
        // What is tried in vain at every head has one line for many.
        if repeats.is_some() { self.office.alerts.raise(alert) } else { self.office.alerts.raise_event(alert) }
    }

    /// Writes an event down. A journal that cannot be written must not keep an alert from going out; it stops the next
    /// signature by itself.
    pub(super) fn journal_event(
        &self,
        facts: &AccountFacts,
        severity: Severity,
        kind: &str,
        reason: &str,
        figures: serde_json::Value,
    ) {
        let SignerAccess::Sender(sender) = &self.hands else { return };
        let event = Event {
            severity,
            kind: kind.to_owned(),
            reason: reason.to_owned(),
            figures,
            intent: None,
            position: None,
            saga: None,
            at: self.stamp(facts),
        };
        if let Err(error) = sender.journal().append_event(&event) {
            self.not_written(&error);
        }
    }

    /// One row of the account's course, for reports.
    pub(super) fn sample(&mut self, facts: &AccountFacts) -> Result<(), WatchError> {
        let SignerAccess::Sender(sender) = &self.hands else { return Ok(()) };
        let is_low = !facts.debt_value.0.is_zero() && facts.health_factor < Levels::of(facts).warn;
        let every = if is_low { SAMPLE_LOW } else { SAMPLE };
        let now = facts.block.timestamp;
        // A reorg can lead back in time.
        if self.sampled.is_some_and(|last| last <= now && now < last.plus(every)) {
            return Ok(());
        }
        self.sampled = Some(now);
        let prices: Vec<_> =
            facts.loops.iter().map(|held| json!({ "pair": held.pair.name, "price": held.price, "asset": held.moving.pair.symbol, "unit": held.moving.pair.unit })).collect();
        let sample = Sample {
            block_number: facts.block.number,
            health_factor: Some(facts.health_factor),
            figures: json!({ "loops": prices }),
            at: self.stamp(facts),
        };
        let written = sender.journal().append_sample(&sample).and_then(|()| {
            // A little at a time: what has grown old since the last sample.
            let thin = self.office.rulebook().watch.thin_samples;
            if thin { sender.journal().thin_samples(sample.at.wall).map(drop) } else { Ok(()) }
        });
        if let Err(error) = written {
            self.not_written(&error);
        }
        Ok(())
    }

    pub(super) fn not_written(&self, error: &JournalError) {
        tracing::error!(account = %self.account, %error, "the journal cannot be written: nothing will be signed");
        let text = format!("the journal cannot be written, so nothing can be signed: {error}");
        self.office.alerts.raise(Alert::new(Severity::Alert, "journal", "journal", text).of(self.account));
    }

    pub(super) fn stamp(&self, facts: &AccountFacts) -> Stamp {
        Stamp { block_time: facts.block.timestamp, wall: Millis(self.office.clock.wall_millis()) }
    }
}

/// How deep a rule about a threshold of the health factor lies; `None` for other rules.
const fn threshold_rank(rule: Rule) -> Option<u8> {
    Some(match rule {
        Rule::Warn => 0,
        Rule::Trigger => 1,
        Rule::Urgent => 2,
        Rule::LastResort => 3,
        Rule::Liquidatable => 4,
        _ => return None,
    })
}

/// Perps by their names in the journal, and how people call them.
fn perp_names(facts: &AccountFacts) -> Vec<(String, String)> {
    facts.perps.iter().map(|perp| (perp.id.clone(), format!("{} {}", perp.market, perp.side))).collect()
}

/// A text for people: perps by market and side.
fn named(names: &[(String, String)], text: &str) -> String {
    names.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id, name))
}

fn subject(action: &Action) -> String {
    match action {
        Action::SwitchRpc | Action::ResyncNonce { .. } => String::new(),
        Action::Arm(trim) | Action::Trim(trim) => trim.account.clone(),
        Action::Exit { pair, .. } | Action::Boost { pair, .. } => pair.name.clone(),
        Action::TightenStop { perp, .. } | Action::TopUpMargin { perp, .. } => perp.clone(),
    }
}

fn to_decimal(value: Wad) -> Option<Decimal> {
    value.to_decimal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_about_a_perp_names_pair_and_side_and_not_its_ulid() {
        let names = [("01J9ZD3X5M".to_owned(), "ETH/USD long".to_owned())];
        assert_eq!(named(&names, "01J9ZD3X5M"), "ETH/USD long");
        assert_eq!(named(&names, "perp 01J9ZD3X5M: stop moved: mined"), "perp ETH/USD long: stop moved: mined");
        assert_eq!(named(&names, "WETH/USDC"), "WETH/USDC");
    }

    #[test]
    fn of_several_thresholds_crossed_at_once_the_deepest_is_told() {
        let ranks = [Rule::Warn, Rule::Trigger, Rule::Urgent, Rule::LastResort, Rule::Liquidatable].map(threshold_rank);
        assert!(ranks.is_sorted() && ranks.iter().all(Option::is_some));
        assert_eq!(threshold_rank(Rule::Stress), None);
    }
}
