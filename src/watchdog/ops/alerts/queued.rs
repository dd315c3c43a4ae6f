//! One HTTP request to a service that is told something, and what its answer means.

use std::time::Duration;

use alloy::transports::http::reqwest::{
    self, Client, RequestBuilder,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use serde_json::Value;

use super::worker::Failed;
use crate::{config::HookUrl, http, text};

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
    /// A client for the host of this address whose requests end at this deadline.
    pub(in crate::watchdog::ops) fn new(url: &HookUrl, timeout: Duration) -> Result<Self, String> {
        let client = http::client(url.expose(), timeout);
        client.map(|client| Self { client }).map_err(|error| error.to_string())
    }

    /// Posts JSON.
    pub(super) async fn json(&self, url: &HookUrl, body: &Value) -> Result<(), Refused> {
        let request = self.client.post(url.expose().clone());
        let body = text::json(&body.to_string()).into_owned();
        self.ask(url, request.header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// Asks for nothing but an answer.
    pub(in crate::watchdog::ops) async fn knock(&self, url: &HookUrl, post: bool) -> Result<(), Failed> {
        let address = url.expose().clone();
        let request = if post { self.client.post(address).body("") } else { self.client.get(address) };
        Ok(self.ask(url, request).await?)
    }

    async fn ask(&self, url: &HookUrl, request: RequestBuilder) -> Result<(), Refused> {
        let later = |error: reqwest::Error| Failed::Later {
            reason: format!("{url}: {}", url.scrub(&http::causes(&error.without_url()))),
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
        let reason = format!("{url} answered {}: {}", status.as_u16(), text::one_line(&quoted));
        let later = status.as_u16() == 429 || status.as_u16() == 408 || status.is_server_error();
        let failed = match later {
            true => Failed::Later { reason, after: header.or_else(|| asked_in_body(&answer)) },
            false => Failed::Never { reason },
        };
        Err(Refused { failed, answer: serde_json::from_str(&answer).unwrap_or_default() })
    }
}

/// Why a message was not taken, and what the service said if that was JSON.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) failed: Failed,
    pub(super) answer: Value,
}

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        Self { failed, answer: Value::Null }
    }
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        refused.failed
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
