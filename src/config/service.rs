//! Sections `metrics` and `socket`: where the daemon can be asked how it is, and where commands hand it their plans.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::values;

/// The HTTP service with `/metrics`, `/healthz` and `/readyz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Whether `listen` may be an address that others can reach. The figures name accounts and what they hold.
    pub allow_remote: bool,
}

impl Default for MetricsConfig {
    /// Port 9477 on loopback.
    fn default() -> Self {
        Self { enabled: true, listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9_477)), allow_remote: false }
    }
}

impl MetricsConfig {
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let remote = self.enabled && !self.allow_remote && !self.listen.ip().is_loopback();
        remote.then(|| {
            let why = "can be reached by others; use 127.0.0.1, or say metrics.allow_remote = true";
            ("metrics.listen", format!("{} {why}", self.listen))
        })
    }
}

/// The daemon's socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SocketConfig {
    /// Where it is, instead of beside the journal.
    pub path: Option<PathBuf>,
    /// How long a client may take to say what it wants, or to take its answer.
    #[serde(with = "values::duration")]
    pub timeout: Duration,
    /// How long the daemon may take for an answer; a plan that is sent has to be mined in it.
    #[serde(with = "values::duration")]
    pub answer_timeout: Duration,
    /// Clients at a time.
    pub max_clients: u32,
}

impl Default for SocketConfig {
    /// 5 s for a request, 3 min for an answer, 32 clients.
    fn default() -> Self {
        Self { path: None, timeout: Duration::from_secs(5), answer_timeout: Duration::from_secs(180), max_clients: 32 }
    }
}

impl SocketConfig {
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let never = |key, value: Duration| value.is_zero().then(|| (key, "a deadline of zero is never met".to_owned()));
        let clients =
            (self.max_clients == 0).then(|| ("socket.max_clients", "no command could reach the daemon".to_owned()));
        never("socket.timeout", self.timeout)
            .or_else(|| never("socket.answer_timeout", self.answer_timeout))
            .or(clients)
    }
}
