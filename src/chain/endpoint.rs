//! One endpoint and what we know of its health.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy::pubsub::RawSubscription;
use serde_json::{Value, value::RawValue};

use super::{Clock, Traffic, call_error::CallError, traffic::Counter, transport::Transport};
use crate::config::{RpcConfig, RpcUrl};

/// Pause after a rate limit that names none.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// How long what an endpoint said about the head is held against others.
const HEAD_MEMORY: Duration = Duration::from_secs(30);

/// After so many refusals in a row an endpoint is not given code any more that is not deployed, for a while.
const REFUSALS: u32 = 3;

/// After this it is offered such code once more: what a provider refuses today it may allow tomorrow.
const OFFERED_AGAIN: Duration = Duration::from_secs(3_600);

/// Whether an endpoint is known to be on our network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Standing {
    /// Nobody has asked yet.
    #[default]
    Unverified,
    /// It agrees with the others.
    Verified,
    /// It could not be asked when the others were; not used until it was.
    Absent,
}

#[derive(Debug, Default)]
struct Health {
    failures: u32,
    latency: Option<Duration>,
    blocked_until: Option<Duration>,
    head: Option<(u64, Duration)>,
    behind: bool,
    standing: Standing,
    /// How often in a row it has refused code that is not deployed and answered the same question otherwise.
    refused_code: u32,
    /// When it last did.
    refused_code_at: Duration,
}

/// An endpoint with its deadline and health.
pub(super) struct Endpoint {
    transport: Transport,
    timeout: Duration,
    /// A WebSocket that nobody named: it goes with an endpoint's HTTP address. Only for heads.
    is_derived: bool,
    health: Mutex<Health>,
    counter: Counter,
}

impl Endpoint {
    pub(super) fn new(url: RpcUrl, rpc: &RpcConfig) -> Result<Self, CallError> {
        Ok(Self {
            transport: Transport::new(url, rpc.max_response_bytes)?,
            timeout: rpc.timeout,
            is_derived: false,
            health: Mutex::default(),
            counter: Counter::default(),
        })
    }

    /// The WebSocket that goes with an HTTP address, where there is one.
    pub(super) fn derived(url: &RpcUrl, rpc: &RpcConfig) -> Option<Self> {
        let endpoint = Self::new(url.websocket()?, rpc).ok()?;
        Some(Self { is_derived: true, ..endpoint })
    }

    pub(super) const fn is_derived(&self) -> bool {
        self.is_derived
    }

    /// Whether it answers code that is not deployed, as far as is known.
    pub(super) fn runs_code(&self, now: Duration) -> bool {
        let health = self.health();
        health.refused_code < REFUSALS || now.saturating_sub(health.refused_code_at) >= OFFERED_AGAIN
    }

    /// It has answered such code.
    pub(super) fn ran_code(&self) {
        self.health().refused_code = 0;
    }

    /// It has not, and answered the same question otherwise. A rate limit, or a block that it does not have yet, says nothing.
    pub(super) fn refused_code(&self, error: &CallError, now: Duration) {
        if !matches!(error, CallError::RateLimited { .. } | CallError::UnknownBlock(_)) {
            let mut health = self.health();
            health.refused_code_at = now;
            health.refused_code = health.refused_code.saturating_add(1);
        }
    }

    /// Its address without secrets.
    pub(super) fn name(&self) -> String {
        self.transport.url().to_string()
    }

    pub(super) fn is_websocket(&self) -> bool {
        self.transport.url().is_websocket()
    }

    /// Asks, within the deadline, and remembers how it went.
    pub(super) async fn call<T>(
        &self,
        clock: &dyn Clock,
        method: &str,
        params: &Value,
        decode: impl Fn(&RawValue) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let began = clock.monotonic();
        let answer = tokio::time::timeout(self.timeout, self.transport.call(method, params, &self.counter)).await;
        let result = match answer {
            Ok(raw) => raw.and_then(|raw| decode(&raw)),
            Err(_) => {
                let limit = humantime::format_duration(self.timeout);
                Err(CallError::Unavailable(format!("no answer to {method} within {limit}")))
            }
        };
        let result = result.map_err(|error| match error {
            CallError::RateLimited { message, wait: None } => {
                CallError::RateLimited { message, wait: Some(DEFAULT_WAIT) }
            }
            other => other,
        });
        self.note(clock.monotonic(), began, result.as_ref().err());
        if let Err(error) = &result {
            tracing::debug!(endpoint = %self.name(), method, %error, "rpc call failed");
        }
        result
    }

    /// What was asked of it and what came back.
    pub(super) fn traffic(&self) -> Traffic {
        self.counter.read()
    }

    /// A message of a subscription came.
    pub(super) fn told(&self, bytes: usize) {
        self.counter.heard(bytes);
    }

    /// A subscription to heads, within the deadline.
    pub(super) async fn subscribe_heads(&self) -> Result<Option<RawSubscription>, CallError> {
        tokio::time::timeout(self.timeout, self.transport.subscribe_heads())
            .await
            .unwrap_or_else(|_| Err(CallError::Unavailable("no answer to eth_subscribe".to_owned())))
    }

    fn note(&self, now: Duration, began: Duration, error: Option<&CallError>) {
        let mut health = self.health();
        match error {
            Some(CallError::RateLimited { wait, .. }) => {
                health.blocked_until = wait.and_then(|wait| now.checked_add(wait));
            }
            Some(CallError::Unavailable(_) | CallError::Malformed(_)) => {
                health.failures = health.failures.saturating_add(1);
            }
            // An answer, if not the wished one.
            _ => {
                let took = now.saturating_sub(began);
                health.failures = 0;
                health.blocked_until = None;
                health.latency = Some(health.latency.map_or(took, |usual| (usual * 7 + took) / 8));
            }
        }
    }

    /// How long it still wants to be left alone.
    pub(super) fn blocked_for(&self, now: Duration) -> Option<Duration> {
        let until = self.health().blocked_until?;
        until.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// Sorts the healthiest first.
    pub(super) fn rank(&self) -> (u32, Duration) {
        let health = self.health();
        (health.failures, health.latency.unwrap_or_default())
    }

    pub(super) fn standing(&self) -> Standing {
        self.health().standing
    }

    pub(super) fn set_standing(&self, standing: Standing) {
        self.health().standing = standing;
    }

    pub(super) fn is_behind(&self) -> bool {
        self.health().behind
    }

    pub(super) fn set_behind(&self, behind: bool) {
        self.health().behind = behind;
    }

    /// The head it last told of, unless that is long ago.
    pub(super) fn last_head(&self, now: Duration) -> Option<u64> {
        self.health().head.filter(|(_, at)| now.saturating_sub(*at) <= HEAD_MEMORY).map(|(number, _)| number)
    }

    pub(super) fn set_head(&self, number: u64, now: Duration) {
        self.health().head = Some((number, now));
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("url", self.transport.url()).field("health", &*self.health()).finish()
    }
}
