//! The daemon's operation as its user meets it: alerts that arrive, a heartbeat that stops, figures, the socket, signals.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod alerts;
mod service;
mod signals;
mod socket;
mod units;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use trimtab::chain::Clock;

/// Nothing in these stories takes longer unless it is broken.
const DEADLINE: Duration = Duration::from_secs(20);

/// Time that passes when the test says so.
#[derive(Debug, Default)]
struct HandClock(AtomicU64);

impl HandClock {
    fn pass(&self, time: Duration) {
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

/// Waits for a condition.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let end = tokio::time::Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < end, "{what}: not within {DEADLINE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn clock() -> Arc<HandClock> {
    Arc::new(HandClock::default())
}
