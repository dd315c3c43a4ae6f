//! Several endpoints as one: the healthiest is asked, the next one when it fails.
//!
//! Rules (field-lessons.md R1–R4): each endpoint once a round; pauses grow between rounds and honour what the
//! endpoint asks for; a revert or refusal is an answer and never retried.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy::primitives::{Address, B256};
use backon::{ExponentialBuilder, Retryable};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::{
    Clock, NetworkIdentity, ReadError, Traffic,
    answer::excerpt,
    call_error::CallError,
    endpoint::{Endpoint, Standing},
    tips::TipMemory,
};
use crate::config::{RpcConfig, WebSockets};

/// First pause between rounds.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest pause between rounds that we choose ourselves.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Nothing to connect to. Exit code 3.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No endpoint is configured.
    #[error("no rpc endpoint: give --rpc-url, set ETH_RPC_URL, or write rpc.urls in trimtab.toml")]
    NoEndpoint,
    /// The HTTP client could not be made.
    #[error("cannot set up {endpoint}: {reason}")]
    Client {
        /// Which endpoint.
        endpoint: String,
        /// Why.
        reason: String,
    },
}

impl ConnectError {
    /// The process's exit code.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        3
    }
}

/// The endpoints of a run. Cheap to clone; clones share what is known of the endpoints' health.
#[derive(Clone)]
pub struct Endpoints {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    /// WebSockets that go with HTTP addresses, beside the endpoints that these are.
    derived: Vec<(Arc<Endpoint>, Arc<Endpoint>)>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rpc: RpcConfig,
    identity: Mutex<Option<NetworkIdentity>>,
    tips: Mutex<TipMemory>,
}

impl Endpoints {
    /// Prepares the endpoints; nothing is asked yet.
    pub fn connect(rpc: &RpcConfig, clock: Arc<dyn Clock>) -> Result<Self, ConnectError> {
        if rpc.urls.is_empty() {
            return Err(ConnectError::NoEndpoint);
        }
        let endpoint = |url: &crate::config::RpcUrl| {
            let client =
                |error: CallError| ConnectError::Client { endpoint: url.to_string(), reason: error.to_string() };
            Endpoint::new(url.clone(), rpc).map(Arc::new).map_err(client)
        };
        let endpoints: Vec<Arc<Endpoint>> = rpc.urls.iter().map(endpoint).collect::<Result<_, _>>()?;
        let derived = endpoints.iter().zip(&rpc.urls).filter_map(|(endpoint, url)| {
            let derived = Endpoint::derived(url, rpc).filter(|_| rpc.websockets == WebSockets::Derived)?;
            Some((endpoint.clone(), Arc::new(derived)))
        });
        let derived = derived.collect();
        let (identity, tips) = (Mutex::default(), Mutex::default());
        let shared = Shared { endpoints, derived, clock, rpc: rpc.clone(), identity, tips };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Any JSON-RPC question that may be asked twice.
    pub async fn request<P, R>(&self, method: &str, params: P) -> Result<R, ReadError>
    where
        P: Serialize,
        R: DeserializeOwned,
    {
        let params = to_params(params)?;
        let blamed = target(&params);
        self.ask(method, &params, decode).await.map_err(|error| error.into_read_error(method, blamed, None))
    }

    /// A JSON-RPC question that must not be asked twice: one endpoint, one attempt.
    pub async fn request_once<P, R>(&self, method: &str, params: P) -> Result<R, ReadError>
    where
        P: Serialize,
        R: DeserializeOwned,
    {
        let params = to_params(params)?;
        let answer = match self.usable().first() {
            Some(endpoint) => endpoint.call(self.clock(), method, &params, decode).await,
            None => Err(self.why_none()),
        };
        answer.map_err(|error| error.into_read_error(method, target(&params), None))
    }

    /// The network that these endpoints were found to be on, once they were verified.
    #[must_use]
    pub fn identity(&self) -> Option<NetworkIdentity> {
        self.shared.identity.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What each endpoint was asked and answered, by its name; WebSockets that go with an endpoint count for it.
    #[must_use]
    pub fn traffic(&self) -> Vec<(String, Traffic)> {
        let of = |endpoint: &Arc<Endpoint>| {
            let beside = self.shared.derived.iter().filter(|(owner, _)| Arc::ptr_eq(owner, endpoint));
            beside.fold(endpoint.traffic(), |sum, (_, derived)| sum.plus(derived.traffic()))
        };
        self.shared.endpoints.iter().map(|endpoint| (endpoint.name(), of(endpoint))).collect()
    }

    /// How many endpoints there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.endpoints.len()
    }

    /// Never true: [`Self::connect`] refuses an empty list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.endpoints.is_empty()
    }

    pub(super) fn set_identity(&self, identity: NetworkIdentity) {
        *self.shared.identity.lock().unwrap_or_else(PoisonError::into_inner) = Some(identity);
    }

    pub(super) fn tips(&self) -> MutexGuard<'_, TipMemory> {
        self.shared.tips.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// Asks in rounds until there is an answer, and decodes it; an answer that cannot be decoded counts as a failure
    /// of its endpoint.
    pub(super) async fn ask<T>(
        &self,
        method: &str,
        params: &Value,
        decode: impl Fn(&RawValue) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        // On the heap: every plan, simulation and transaction awaits this, and holds it by value otherwise.
        Box::pin(self.in_rounds(|| self.round(method, params, &decode))).await
    }

    /// Repeats a round while that can help, pausing as long as the endpoints ask for.
    pub(super) async fn in_rounds<T, F: Future<Output = Result<T, CallError>>>(
        &self,
        round: impl FnMut() -> F,
    ) -> Result<T, CallError> {
        let retries = usize::try_from(self.shared.rpc.retries).unwrap_or(usize::MAX);
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(retries)
            .with_jitter();
        let mut unknown_block = 0_u32;
        let mut worth_it = |error: &CallError| {
            // A block that is still unknown after another look was reorged away; waiting brings it back never.
            unknown_block += u32::from(matches!(error, CallError::UnknownBlock(_)));
            error.is_transient() && unknown_block <= 2
        };
        let patience = self.shared.rpc.timeout;
        round
            .retry(pauses)
            .when(|error| worth_it(error))
            .adjust(|error, pause| pause_after(error, pause, patience))
            .await
    }

    async fn round<T>(
        &self,
        method: &str,
        params: &Value,
        decode: &impl Fn(&RawValue) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let usable = self.usable();
        if usable.is_empty() {
            return Err(self.why_none());
        }
        let mut errors = Vec::with_capacity(usable.len());
        for endpoint in usable {
            match endpoint.call(self.clock(), method, params, decode).await {
                Err(error) if error.is_local_to_endpoint() => errors.push((endpoint.name(), error)),
                settled => return settled,
            }
        }
        Err(CallError::of_round(errors))
    }

    /// Where heads can be subscribed to: endpoints that are WebSockets, then those that go with an endpoint's address.
    pub(super) fn websockets(&self) -> Vec<Arc<Endpoint>> {
        let named = self.trusted().filter(|endpoint| endpoint.is_websocket() && !endpoint.is_behind()).cloned();
        let is_trusted = |owner: &Arc<Endpoint>| self.trusted().any(|endpoint| Arc::ptr_eq(endpoint, owner));
        let derived = self.shared.derived.iter().filter(|(owner, _)| is_trusted(owner)).map(|(_, it)| it.clone());
        named.chain(derived).collect()
    }

    /// The endpoints that may be asked, healthiest first.
    pub(super) fn usable(&self) -> Vec<Arc<Endpoint>> {
        let mut usable: Vec<_> = self.trusted().filter(|endpoint| !endpoint.is_behind()).cloned().collect();
        let now = self.clock().monotonic();
        usable.retain(|endpoint| endpoint.blocked_for(now).is_none());
        usable.sort_by_key(|endpoint| endpoint.rank());
        usable
    }

    /// The endpoints that are not known to be out: before verification all, afterwards those that agreed.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &Arc<Endpoint>> {
        self.shared.endpoints.iter().filter(|endpoint| endpoint.standing() != Standing::Absent)
    }

    /// Why no endpoint may be asked just now.
    pub(super) fn why_none(&self) -> CallError {
        let now = self.clock().monotonic();
        let errors = self.shared.endpoints.iter().map(|endpoint| {
            let error = match endpoint.blocked_for(now) {
                Some(wait) => CallError::RateLimited { message: "rate limited".to_owned(), wait: Some(wait) },
                None if endpoint.is_behind() => CallError::Stale("is behind the others".to_owned()),
                None => CallError::Unavailable("was away when the network was verified".to_owned()),
            };
            (endpoint.name(), error)
        });
        CallError::of_round(errors.collect())
    }
}

/// The next pause: as long as the endpoints ask for, or none when that is longer than anybody waits.
fn pause_after(error: &CallError, pause: Option<Duration>, patience: Duration) -> Option<Duration> {
    let pause = pause?.max(error.wait().unwrap_or_default());
    (pause <= patience.max(LONGEST_PAUSE)).then_some(pause)
}

pub(super) fn to_params(params: impl Serialize) -> Result<Value, ReadError> {
    serde_json::to_value(params).map_err(|error| ReadError::Malformed(format!("parameters: {error}")))
}

pub(super) fn decode<R: DeserializeOwned>(raw: &RawValue) -> Result<R, CallError> {
    // An error of the decoder quotes what it could not take, however long.
    serde_json::from_str(raw.get()).map_err(|error| CallError::Malformed(excerpt(&error.to_string())))
}

/// Whom a call was for, to blame a revert on.
fn target(params: &Value) -> Address {
    let to = params.pointer("/0/to").and_then(Value::as_str);
    to.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A block's hash in an error, when the question was pinned to it.
pub(super) fn pinned(id: &alloy::eips::BlockId) -> Option<B256> {
    id.as_block_hash()
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoints")
            .field("endpoints", &self.shared.endpoints)
            .field("identity", &self.identity())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_never_shorter_than_the_endpoint_asks_for() {
        let limited =
            |seconds| CallError::RateLimited { message: String::new(), wait: Some(Duration::from_secs(seconds)) };
        let (pause, patience) = (Some(FIRST_PAUSE), Duration::from_secs(10));
        assert_eq!(pause_after(&limited(7), pause, patience), Some(Duration::from_secs(7)));
        assert_eq!(pause_after(&limited(0), pause, patience), pause);
        assert_eq!(pause_after(&limited(600), pause, patience), None, "nobody waits ten minutes inside a command");
        assert_eq!(pause_after(&limited(1), None, patience), None, "no rounds left");
    }
}
