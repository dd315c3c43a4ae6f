//! What endpoints are asked and answer, in bytes: what providers count and charge for.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counted since the start: bodies and messages, without what HTTP and TLS put around them.
#[derive(Debug, Default)]
pub(super) struct Counter {
    requests: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

/// Requests and bytes of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Traffic {
    /// Questions, subscriptions among them.
    pub requests: u64,
    /// Bytes that were sent.
    pub sent: u64,
    /// Bytes that came back.
    pub received: u64,
}

impl Traffic {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            sent: self.sent.saturating_add(other.sent),
            received: self.received.saturating_add(other.received),
        }
    }

    /// Both directions.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.sent.saturating_add(self.received)
    }
}

impl Counter {
    pub(super) fn asked(&self, bytes: usize) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.sent.fetch_add(wide(bytes), Ordering::Relaxed);
    }

    pub(super) fn heard(&self, bytes: usize) {
        self.received.fetch_add(wide(bytes), Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
        }
    }
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
