//! One way to ask all services.

use std::time::Duration;

use alloy::transports::http::reqwest::{
    Client, RequestBuilder, Response,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use backon::{ExponentialBuilder, Retryable};
use serde_json::Value;
use url::Url;

use super::{HostSet, VenueServiceError};
use crate::{
    config::RpcUrl,
    http::{self, HttpError},
    text,
};

/// The catalogue of pairs is the largest answer, a megabyte.
const MOST_BYTES: usize = 8 << 20;
/// An event stream of one order is a few kilobytes; its heartbeats come every fifteen seconds.
pub(super) const MOST_STREAM: usize = 1 << 20;
/// What is repeated of a service's own words.
const MOST_WORDS: usize = 200;
/// A service that wants to be left alone for longer is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How a read is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Times after the first.
    pub again: usize,
    /// First pause; each is twice the one before.
    pub pause: Duration,
}

impl Default for Attempts {
    /// As the venue's own client: twice, after half a second and a second.
    fn default() -> Self {
        Self { again: 2, pause: Duration::from_millis(500) }
    }
}

/// Asks the venue's services. Cheap to clone.
#[derive(Debug, Clone)]
pub struct VenueServices {
    pub(super) hosts: HostSet,
    gateway: Client,
    tx_builder: Client,
    stream: Client,
    attempts: Attempts,
}

impl VenueServices {
    /// Services at these hosts. `deadline` is of one request, and of each silence of a stream three times that.
    pub fn new(hosts: HostSet, deadline: Duration, attempts: Attempts) -> Result<Self, VenueServiceError> {
        let client = |url: &RpcUrl, deadline: Duration| {
            http::client(url.expose(), deadline).map_err(|error| failed("services", &error))
        };
        // A stream of the slower mode lives three minutes (avantis-v2.md §3.5).
        let longest = http::LONGEST.saturating_mul(2);
        let (gateway, tx_builder) = (client(&hosts.gateway, deadline)?, client(&hosts.tx_builder, deadline)?);
        let stream = client(&hosts.gateway, longest)?;
        Ok(Self { gateway, tx_builder, stream, hosts, attempts })
    }

    /// Where they are.
    #[must_use]
    pub const fn hosts(&self) -> &HostSet {
        &self.hosts
    }

    pub(super) async fn read_gateway(&self, service: &'static str, path: &str) -> Result<Value, VenueServiceError> {
        self.read(service, &self.gateway, &at(&self.hosts.gateway, path)).await
    }

    pub(super) async fn read_builder(&self, service: &'static str, path: &str) -> Result<Value, VenueServiceError> {
        self.read(service, &self.tx_builder, &at(&self.hosts.tx_builder, path)).await
    }

    async fn read(&self, service: &'static str, client: &Client, url: &str) -> Result<Value, VenueServiceError> {
        let builder =
            ExponentialBuilder::default().with_min_delay(self.attempts.pause).with_max_times(self.attempts.again);
        let once = || async { value(service, answer(service, client.get(url)).await?) };
        // What the service says of its own goes before our pause.
        let pause = |error: &VenueServiceError, ours: Option<Duration>| match error {
            VenueServiceError::RateLimited { wait: Some(wait), .. } if *wait > LONGEST_WAIT => None,
            VenueServiceError::RateLimited { wait: Some(wait), .. } => ours.map(|ours| ours.max(*wait)),
            _ => ours,
        };
        once.retry(builder).when(VenueServiceError::is_passing).adjust(pause).await
    }

    /// Asks something by a post that changes nothing: once.
    pub(super) async fn ask(
        &self,
        service: &'static str,
        path: &str,
        body: String,
    ) -> Result<Value, VenueServiceError> {
        let request = json(self.gateway.post(at(&self.hosts.gateway, path)), body);
        value(service, answer(service, request).await?)
    }

    /// Changes something: once. An empty answer is `null`.
    pub(super) async fn change(
        &self,
        service: &'static str,
        method: &'static str,
        path: &str,
        body: String,
    ) -> Result<Value, VenueServiceError> {
        let url = at(&self.hosts.gateway, path);
        let request = match method {
            "PUT" => self.gateway.put(url),
            "DELETE" => self.gateway.delete(url),
            _ => self.gateway.post(url),
        };
        let bytes = answer(service, json(request, body)).await?;
        if bytes.is_empty() { Ok(Value::Null) } else { value(service, bytes) }
    }

    /// Opens a stream: its answer is read as it comes.
    pub(super) async fn open(
        &self,
        service: &'static str,
        path: &str,
        body: String,
    ) -> Result<Response, VenueServiceError> {
        let request = json(self.stream.post(at(&self.hosts.gateway, path)), body);
        accepted(service, request).await
    }
}

/// A path below a host, whether its address ends with a slash or not.
fn at(host: &RpcUrl, path: &str) -> String {
    let base: &Url = host.expose();
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

fn json(request: RequestBuilder, body: String) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/json").body(body)
}

fn failed(service: &'static str, error: &HttpError) -> VenueServiceError {
    match error {
        HttpError::TooLong(most) => VenueServiceError::TooLarge { service, most: *most },
        HttpError::Failed(reason) => VenueServiceError::Unreachable { service, reason: reason.clone() },
    }
}

async fn answer(service: &'static str, request: RequestBuilder) -> Result<Vec<u8>, VenueServiceError> {
    let response = accepted(service, request).await?;
    http::body(response, MOST_BYTES).await.map_err(|error| failed(service, &error))
}

/// An answer of success; anything else is an error in the service's words.
async fn accepted(service: &'static str, request: RequestBuilder) -> Result<Response, VenueServiceError> {
    let unreachable = |error: alloy::transports::http::reqwest::Error| VenueServiceError::Unreachable {
        service,
        reason: http::causes(&error.without_url()),
    };
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    if (200..300).contains(&status) {
        return Ok(response);
    }
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait = header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    // Words beside the status; that they are too long or broken off changes nothing.
    let body = http::body(response, MOST_BYTES).await.unwrap_or_default();
    let message = words(&body);
    Err(match status {
        429 => VenueServiceError::RateLimited { service, wait },
        451 => VenueServiceError::Geo { service, message },
        300..500 => VenueServiceError::Refused { service, status, message },
        _ => VenueServiceError::Fault { service, status, message },
    })
}

/// `message` of an answer, a text or a list of them, or of the `error` in it; otherwise how it begins.
fn words(body: &[u8]) -> String {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let message = value.as_ref().and_then(|value| {
        let message = value.get("message").or_else(|| value.get("error")?.get("message"))?;
        match message {
            Value::String(text) => Some(text.clone()),
            Value::Array(list) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")),
            _ => None,
        }
    });
    let message = message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let short: String = message.chars().take(MOST_WORDS).collect();
    text::one_line(&short).into_owned()
}

fn value(service: &'static str, bytes: Vec<u8>) -> Result<Value, VenueServiceError> {
    serde_json::from_slice(&bytes).map_err(|_| {
        let start: String = String::from_utf8_lossy(&bytes).chars().take(40).collect();
        VenueServiceError::NotJson { service, start: text::one_line(&start).into_owned() }
    })
}
