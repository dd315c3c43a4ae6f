//! One HTTP request to a service that is told something, and what its answer means.

use std::{error::Error, time::Duration};

use alloy::transports::http::reqwest::{
    self, Client, RequestBuilder,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use serde_json::Value;

use super::courier::Failed;
use crate::config::HookUrl;

/// Most of an answer that is read, bytes; it is only quoted in errors.
const MOST_ANSWER: usize = 4_096;
/// Most of an answer that is quoted, characters.
const MOST_QUOTED: usize = 200;

/// An HTTP client that follows no redirect: a token must not travel where nobody sent it.
#[derive(Debug, Clone)]
pub(in crate::watchdog::ops) struct Post {
    client: Client,
}

impl Post {
    /// A client whose requests end at this deadline.
    pub(in crate::watchdog::ops) fn new(timeout: Duration) -> Result<Self, String> {
        let client = Client::builder().redirect(Policy::none()).timeout(timeout).build();
        client.map(|client| Self { client }).map_err(|error| causes(&error.without_url()))
    }

    /// Posts JSON.
    pub(super) async fn json(&self, url: &HookUrl, body: &Value) -> Result<(), Failed> {
        let request = self.client.post(url.expose().clone());
        self.ask(url, request.header(CONTENT_TYPE, "application/json").body(body.to_string())).await
    }

    /// Asks for nothing but an answer.
    pub(in crate::watchdog::ops) async fn knock(&self, url: &HookUrl, post: bool) -> Result<(), Failed> {
        let address = url.expose().clone();
        let request = if post { self.client.post(address).body("") } else { self.client.get(address) };
        self.ask(url, request).await
    }

    async fn ask(&self, url: &HookUrl, request: RequestBuilder) -> Result<(), Failed> {
        let later = |error: reqwest::Error| Failed::Later {
            reason: format!("{url}: {}", url.scrub(&causes(&error.without_url()))),
            after: None,
        };
        let mut response = request.send().await.map_err(later)?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(seconds);
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(later)? {
            answer.extend_from_slice(&chunk);
            if answer.len() >= MOST_ANSWER {
                break;
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        // Scrubbed before it is cut: half a token would not be recognised.
        let quoted: String = url.scrub(answer.trim()).chars().take(MOST_QUOTED).collect();
        let reason = format!("{url} answered {}: {quoted}", status.as_u16());
        if status.as_u16() == 429 || status.as_u16() == 408 || status.is_server_error() {
            return Err(Failed::Later { reason, after: header.or_else(|| asked_in_body(&answer)) });
        }
        Err(Failed::Never { reason })
    }
}

/// Telegram and Discord write their wish into the body.
fn asked_in_body(answer: &str) -> Option<Duration> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    let wish = answer.pointer("/parameters/retry_after").or_else(|| answer.get("retry_after"))?;
    seconds(&wish.to_string())
}

/// `30` or `0.65`; the form with a date is left to our own pauses.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok())
}

/// reqwest's own words say only "error sending request"; why is in its sources.
fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}
