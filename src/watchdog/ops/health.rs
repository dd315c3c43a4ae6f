//! Whether the daemon is alive: when its loop last turned, when it last evaluated a new head, what it is ready for.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy::primitives::Address;

use crate::chain::Clock;

/// What must be true before the daemon can protect anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Readiness {
    /// The endpoints answer for the right network.
    Endpoints,
    /// The journal can be written.
    Journal,
    /// A first snapshot of all accounts was evaluated.
    Snapshot,
}

impl Readiness {
    /// Everything that is asked for.
    pub const ALL: &'static [Self] = &[Self::Endpoints, Self::Journal, Self::Snapshot];

    /// What is missing without it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Endpoints => "endpoints not verified",
            Self::Journal => "journal not writable",
            Self::Snapshot => "no snapshot yet",
        }
    }
}

#[derive(Debug)]
struct State {
    turned: Duration,
    head: Option<(u64, Duration)>,
    ready: Vec<Readiness>,
    /// Accounts that cannot be protected just now, and why.
    unprotected: BTreeMap<Address, String>,
}

/// Signs of life, written by the loop and read by heartbeat, health answers and the service manager's watchdog. All ages
/// are by the monotonic clock.
#[derive(Debug)]
pub struct Pulse {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl Pulse {
    /// A pulse that starts now; nothing is ready.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State { turned: clock.monotonic(), head: None, ready: Vec::new(), unprotected: BTreeMap::new() };
        Self { clock, state: Mutex::new(state) }
    }

    /// The loop turned, whether or not there was a new head.
    pub fn turned(&self) {
        self.state().turned = self.clock.monotonic();
    }

    /// All accounts were evaluated at this head. Only a head above all before counts as life: an endpoint that repeats
    /// itself, or two that contradict each other, are none.
    pub fn evaluated(&self, head: u64) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        state.turned = now;
        if state.head.is_none_or(|(highest, _)| head > highest) {
            state.head = Some((head, now));
        }
    }

    /// Something that is needed became true, or false again.
    pub fn set(&self, what: Readiness, ready: bool) {
        let mut state = self.state();
        state.ready.retain(|held| *held != what);
        if ready {
            state.ready.push(what);
        }
    }

    /// Why an account that acts cannot be protected just now; `None` when it can.
    pub fn set_unprotected(&self, account: Address, reason: Option<String>) {
        let unprotected = &mut self.state().unprotected;
        match reason {
            Some(reason) => unprotected.insert(account, reason),
            None => unprotected.remove(&account),
        };
    }

    /// All that is in the way of protecting everybody, in words.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        let missing = self.missing().into_iter().map(|what| what.name().to_owned());
        let state = self.state();
        missing.chain(state.unprotected.iter().map(|(account, reason)| format!("{account}: {reason}"))).collect()
    }

    /// What is needed and not true.
    #[must_use]
    pub fn missing(&self) -> Vec<Readiness> {
        let state = self.state();
        Readiness::ALL.iter().copied().filter(|what| !state.ready.contains(what)).collect()
    }

    /// Highest evaluated head and how long ago it was evaluated.
    #[must_use]
    pub fn head(&self) -> Option<(u64, Duration)> {
        let now = self.clock.monotonic();
        self.state().head.map(|(head, at)| (head, now.saturating_sub(at)))
    }

    /// How long ago the loop turned.
    #[must_use]
    pub fn since_turn(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.state().turned)
    }

    /// Whether a new head was evaluated within this time.
    #[must_use]
    pub fn is_live(&self, max_head_age: Duration) -> bool {
        self.head().is_some_and(|(_, age)| age <= max_head_age)
    }

    /// No half-done change can be left behind by a panic elsewhere.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Time that passes when the test says so.
    #[derive(Debug, Default)]
    pub(in crate::watchdog::ops) struct HandClock(AtomicU64);

    impl HandClock {
        pub(in crate::watchdog::ops) fn pass(&self, time: Duration) {
            self.0.fetch_add(u64::try_from(time.as_millis()).expect("short"), Ordering::Relaxed);
        }
    }

    impl Clock for HandClock {
        fn wall_millis(&self) -> u64 {
            1_790_000_000_000 + self.0.load(Ordering::Relaxed)
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_chain_that_stands_still_or_flickers_between_old_heads_is_not_life() {
        let clock = Arc::new(HandClock::default());
        let pulse = Pulse::new(clock.clone());
        let limit = Duration::from_secs(30);
        assert!(!pulse.is_live(limit), "nothing evaluated yet");
        pulse.evaluated(100);
        clock.pass(Duration::from_secs(20));
        pulse.evaluated(99);
        pulse.evaluated(100);
        assert!(pulse.is_live(limit));
        assert_eq!(pulse.since_turn(), Duration::ZERO, "the loop turns all the same");
        clock.pass(Duration::from_secs(11));
        assert!(!pulse.is_live(limit));
        pulse.evaluated(101);
        assert_eq!(pulse.head(), Some((101, Duration::ZERO)));
        assert!(pulse.is_live(limit));
    }

    #[test]
    fn ready_is_what_holds_now_not_what_once_held() {
        let pulse = Pulse::new(Arc::new(HandClock::default()));
        for what in Readiness::ALL {
            pulse.set(*what, true);
            pulse.set(*what, true);
        }
        assert_eq!(pulse.missing(), []);
        pulse.set(Readiness::Journal, false);
        assert_eq!(pulse.missing(), [Readiness::Journal]);
    }

    #[test]
    fn an_account_that_cannot_be_protected_is_named_until_it_can() {
        let pulse = Pulse::new(Arc::new(HandClock::default()));
        Readiness::ALL.iter().for_each(|what| pulse.set(*what, true));
        assert!(pulse.lacks().is_empty());
        let account = Address::repeat_byte(7);
        pulse.set_unprotected(account, Some("no ether".to_owned()));
        assert_eq!(pulse.lacks(), [format!("{account}: no ether")]);
        pulse.set(Readiness::Journal, false);
        assert_eq!(pulse.lacks().len(), 2);
        pulse.set_unprotected(account, None);
        assert_eq!(pulse.lacks(), ["journal not writable"]);
    }
}
