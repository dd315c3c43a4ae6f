//! `/metrics`, `/healthz` and `/readyz` for Prometheus, supervisors and people.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::from_fn_with_state,
    response::IntoResponse,
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};
use tracing::warn;

use super::{
    alerts::Post,
    health::Pulse,
    host::{self, Hosts},
    metrics::Metrics,
};
use crate::config::{HookUrl, MetricsConfig};

/// The form Prometheus reads (prometheus.io/docs/instrumenting/exposition_formats).
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The loop counts as stuck after this many of its intervals.
const STUCK_AFTER: u32 = 4;

/// Why the figures are not served. Exit code 3.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// Others could read what accounts hold.
    #[error("metrics.listen {0} can be reached by others; use 127.0.0.1, or say metrics.allow_remote = true")]
    Remote(SocketAddr),
    /// The address is taken, or not ours.
    #[error(
        "metrics.listen {address} cannot be listened on: {reason}; another daemon may have it: choose another port, or 0 for any free one"
    )]
    Listen {
        /// As set.
        address: SocketAddr,
        /// The system's reason.
        reason: String,
    },
}

impl ServiceError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        3
    }
}

/// The running service; it stops with this value.
#[derive(Debug)]
pub struct OpsService {
    address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Debug, Clone)]
struct TradeContext {
    pulse: Arc<Pulse>,
    meters: Arc<Metrics>,
    stuck_after: Duration,
}

impl OpsService {
    /// Starts the service, unless it is switched off. `interval` is how often the daemon's loop turns at least.
    pub async fn start(
        config: &MetricsConfig,
        interval: Duration,
        pulse: Arc<Pulse>,
        meters: Arc<Metrics>,
    ) -> Result<Option<Self>, ServiceError> {
        Self::start_for(config, &[], interval, pulse, meters).await
    }

    /// The same, answering under these host names too.
    pub async fn start_for(
        config: &MetricsConfig,
        hosts: &[String],
        interval: Duration,
        pulse: Arc<Pulse>,
        meters: Arc<Metrics>,
    ) -> Result<Option<Self>, ServiceError> {
        if !config.enabled {
            return Ok(None);
        }
        let wanted = config.listen;
        if !wanted.ip().is_loopback() && !config.allow_remote {
            return Err(ServiceError::Remote(wanted));
        }
        let cannot = |error: std::io::Error| ServiceError::Listen { address: wanted, reason: error.to_string() };
        let listener = TcpListener::bind(wanted).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let stuck_after = interval.saturating_mul(STUCK_AFTER);
        let routes = Router::new()
            .route("/metrics", get(metrics))
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .with_state(TradeContext { pulse, meters, stuck_after })
            .layer(from_fn_with_state(Hosts::new(address, hosts), host::check));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                warn!(%error, "the service of metrics and health ended");
            }
        });
        Ok(Some(Self { address, task }))
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for OpsService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Asks the daemon on this machine whether it is alive, as a container's health check does; says why it is not.
pub async fn check_health(config: &MetricsConfig, deadline: Duration) -> Result<(), String> {
    if !config.enabled {
        return Err("metrics.enabled is false, so nobody answers; ask `trimtab status` instead".to_owned());
    }
    // A daemon that listens everywhere listens on loopback too.
    let mut address = config.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    let url = format!("http://{address}/healthz").parse::<HookUrl>().map_err(|error| error.to_string())?;
    let asked = Post::new(&url, deadline)?;
    asked.knock(&url, false).await.map_err(|failed| failed.to_string())
}

async fn metrics(State(desk): State<TradeContext>) -> impl IntoResponse {
    ([(CONTENT_TYPE, PROMETHEUS)], desk.meters.render(&desk.pulse))
}

/// Alive: the loop turned a moment ago, whether or not the chain gave anything.
async fn healthz(State(desk): State<TradeContext>) -> (StatusCode, String) {
    let since = desk.pulse.since_turn();
    let seconds = |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs())).to_string();
    if since <= desk.stuck_after {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    let text = format!("the loop has not turned for {}, limit {}\n", seconds(since), seconds(desk.stuck_after));
    (StatusCode::SERVICE_UNAVAILABLE, text)
}

/// Ready: it can protect.
async fn readyz(State(desk): State<TradeContext>) -> (StatusCode, String) {
    let lacks = desk.pulse.lacks();
    if lacks.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", lacks.join(", ")))
}
