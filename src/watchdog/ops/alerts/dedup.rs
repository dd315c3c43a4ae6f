//! Whether the same was said a moment ago. Pure: time is passed in.

use std::{collections::HashMap, time::Duration};

use alloy::primitives::Address;

use super::alert::Alert;
use crate::config::AlertLevel;

/// Things remembered at a time; an attacker of names must not fill our memory.
const MOST_REMEMBERED: usize = 4_096;

/// What becomes of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Verdict {
    /// It goes out, with the count of those held back before it.
    Send {
        /// How many.
        held_back: u32,
    },
    /// The same was said a moment ago.
    HoldBack,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Topic {
    kind: String,
    account: Option<Address>,
    subject: String,
}

#[derive(Debug, Clone, Copy)]
struct Said {
    at: Duration,
    level: AlertLevel,
    held_back: u32,
}

/// Remembers what was said about each kind, account and subject.
#[derive(Debug)]
pub(super) struct Gate {
    window: Duration,
    urgent_window: Duration,
    said: HashMap<Topic, Said>,
}

impl Gate {
    /// A gate that holds back repetitions within `window`, and within `urgent_window` what somebody should look at now.
    #[must_use]
    pub(super) fn new(window: Duration, urgent_window: Duration) -> Self {
        Self { window, urgent_window, said: HashMap::new() }
    }

    /// Decides about an alert at a moment of the monotonic clock. What got worse passes at once.
    pub(super) fn admit(&mut self, alert: &Alert, now: Duration) -> Verdict {
        let topic = Topic { kind: alert.kind.clone(), account: alert.account, subject: alert.subject.clone() };
        let level = alert.level();
        let window = if level == AlertLevel::Alert { self.urgent_window } else { self.window };
        if let Some(said) = self.said.get_mut(&topic)
            && level <= said.level
            && now.saturating_sub(said.at) < window
        {
            said.held_back = said.held_back.saturating_add(1);
            return Verdict::HoldBack;
        }
        if self.said.len() >= MOST_REMEMBERED && !self.said.contains_key(&topic) {
            self.forget(now);
        }
        let before = self.said.insert(topic, Said { at: now, level, held_back: 0 });
        Verdict::Send { held_back: before.map_or(0, |said| said.held_back) }
    }

    /// Forgets what is past its window; else what was said longest ago.
    fn forget(&mut self, now: Duration) {
        let window = self.window.max(self.urgent_window);
        self.said.retain(|_, said| now.saturating_sub(said.at) < window);
        if self.said.len() >= MOST_REMEMBERED
            && let Some(oldest) = self.said.iter().min_by_key(|(_, said)| said.at).map(|(topic, _)| topic.clone())
        {
            self.said.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Severity;

    const SENT: Verdict = Verdict::Send { held_back: 0 };

    fn gate() -> Gate {
        Gate::new(Duration::from_secs(600), Duration::from_secs(60))
    }

    fn alert(severity: Severity, subject: &str) -> Alert {
        Alert::new(severity, "health-factor", subject, "…")
    }

    #[test]
    fn the_same_is_said_once_a_window_and_then_with_the_count_of_what_was_held_back() {
        let mut gate = gate();
        let warning = alert(Severity::Warning, "WETH/USDC");
        assert_eq!(gate.admit(&warning, Duration::ZERO), SENT);
        for second in 1..600 {
            assert_eq!(gate.admit(&warning, Duration::from_secs(second)), Verdict::HoldBack);
        }
        assert_eq!(gate.admit(&warning, Duration::from_secs(600)), Verdict::Send { held_back: 599 });
        assert_eq!(gate.admit(&warning, Duration::from_secs(601)), Verdict::HoldBack);
    }

    #[test]
    fn other_subjects_kinds_and_accounts_do_not_wait_for_each_other() {
        let mut gate = gate();
        let one = alert(Severity::Info, "WETH/USDC");
        let others = [
            alert(Severity::Info, "cbBTC/USDC"),
            one.clone().of(Address::ZERO),
            Alert { kind: "carry".to_owned(), ..one.clone() },
        ];
        assert_eq!(gate.admit(&one, Duration::ZERO), SENT);
        for other in &others {
            assert_eq!(gate.admit(other, Duration::ZERO), SENT);
        }
    }

    #[test]
    fn what_got_worse_passes_at_once_and_an_alert_is_repeated_sooner() {
        let mut gate = gate();
        assert_eq!(gate.admit(&alert(Severity::Warning, "loop"), Duration::ZERO), SENT);
        assert_eq!(gate.admit(&alert(Severity::Alert, "loop"), Duration::from_secs(1)), SENT);
        assert_eq!(gate.admit(&alert(Severity::Warning, "loop"), Duration::from_secs(2)), Verdict::HoldBack);
        assert_eq!(gate.admit(&alert(Severity::Alert, "loop"), Duration::from_secs(60)), Verdict::HoldBack);
        assert_eq!(
            gate.admit(&alert(Severity::Alert, "loop"), Duration::from_secs(61)),
            Verdict::Send { held_back: 2 }
        );
    }

    #[test]
    fn a_flood_of_subjects_does_not_fill_the_memory() {
        let mut gate = gate();
        for subject in 0..3 * MOST_REMEMBERED as u64 {
            assert_eq!(gate.admit(&alert(Severity::Info, &subject.to_string()), Duration::from_millis(subject)), SENT);
        }
        assert!(gate.said.len() <= MOST_REMEMBERED);
        let newest = alert(Severity::Info, &(3 * MOST_REMEMBERED as u64 - 1).to_string());
        assert_eq!(gate.admit(&newest, Duration::from_secs(13)), Verdict::HoldBack, "the newest is remembered");
    }
}
