//! What was decided and done, told to the journal, to people and to the figures.

use rust_decimal::Decimal;
use serde_json::json;

use super::{Acted, Seat, WatchError, seat::Hands};
use crate::{
    journal::{Event, JournalError, Sample, Severity, Stamp},
    loops::algebra::leverage_wad,
    units::{Millis, Secs, WAD, Wad},
    watchdog::{
        ops::{AccountGauges, Alert, LoopGauges},
        rules::{AccountFacts, Action, Firing, Levels},
    },
};

/// How often the course is written down, and how often below the warning.
const SAMPLE: Secs = Secs(60);
const SAMPLE_LOW: Secs = Secs(2);

impl Seat {
    /// Journals every firing with its inputs, raises alerts, counts.
    pub(super) fn tell(&self, facts: &AccountFacts, firings: &[Firing]) {
        for firing in firings {
            let Firing { rule, severity, subject, reason, inputs } = firing;
            tracing::info!(account = %self.account, %rule, subject, block = facts.block.number, "{reason}");
            self.office.meters.decision(rule.name(), "fired");
            self.journal_event(facts, *severity, rule.name(), reason, inputs.clone());
            let alert = Alert::new(*severity, rule.name(), subject.clone(), reason.clone());
            self.office.alerts.raise(alert.of(self.account).with_figures(inputs.clone()));
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

    /// Tells what an action came to.
    pub(super) fn tell_acted(&self, facts: &AccountFacts, acted: &Acted) {
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
        tracing::info!(account = %self.account, action = kind, outcome, "{words}");
        self.journal_event(facts, severity, kind, &words, figures);
        if severity != Severity::Info {
            let alert = Alert::new(severity, format!("{kind}-{outcome}"), subject(&acted.action), acted.words.clone());
            self.office.alerts.raise(alert.of(self.account).with_figures(json!(acted)));
        }
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
        let Hands::Sender(sender) = &self.hands else { return };
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
        let Hands::Sender(sender) = &self.hands else { return Ok(()) };
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
