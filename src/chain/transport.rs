//! One question to one endpoint, over HTTP or WebSocket.
//!
//! HTTP goes through reqwest directly and not through alloy's transport, because that one drops the HTTP status and
//! `Retry-After` when the body holds a JSON-RPC error, which is just where rate limits look like reverts; it also
//! writes the whole URL into its spans.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use alloy::{
    primitives::B256,
    pubsub::RawSubscription,
    rpc::{
        client::{ClientBuilder, RpcClient},
        json_rpc::RpcError,
    },
    transports::{
        TransportError,
        http::reqwest::{
            Client,
            header::{CONTENT_TYPE, RETRY_AFTER},
        },
        ws::{WebSocketConfig, WsConnect},
    },
};
use bytesize::ByteSize;
use serde_json::{Value, json, value::RawValue};
use tokio::sync::OnceCell;

use super::{
    answer::{ErrorObject, HttpAnswer, excerpt},
    call_error::CallError,
    traffic::Counter,
};
use crate::{
    config::RpcUrl,
    http::{self, HttpError},
};

/// First pause before a lost WebSocket is connected again; alloy doubles it up to 30 s.
const RECONNECT: Duration = Duration::from_millis(500);

/// How an endpoint is spoken to. Deadlines are the caller's.
#[derive(Debug)]
pub(super) enum Transport {
    Http { url: RpcUrl, client: Client, next_id: AtomicU64, limit: ByteSize },
    Ws { url: RpcUrl, client: OnceCell<RpcClient>, limit: ByteSize },
}

impl Transport {
    /// No answer of more than `limit` is taken, whatever of it has come.
    pub(super) fn new(url: RpcUrl, limit: ByteSize) -> Result<Self, CallError> {
        if url.is_websocket() {
            return Ok(Self::Ws { url, client: OnceCell::new(), limit });
        }
        let client =
            http::client(url.expose(), http::LONGEST).map_err(|error| CallError::Unavailable(error.to_string()))?;
        Ok(Self::Http { url, client, next_id: AtomicU64::new(1), limit })
    }

    pub(super) const fn url(&self) -> &RpcUrl {
        match self {
            Self::Http { url, .. } | Self::Ws { url, .. } => url,
        }
    }

    pub(super) async fn call(
        &self,
        method: &str,
        params: &Value,
        counter: &Counter,
    ) -> Result<Box<RawValue>, CallError> {
        match self {
            Self::Http { url, client, next_id, limit } => {
                let id = next_id.fetch_add(1, Ordering::Relaxed);
                let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
                counter.asked(body.len());
                post((client, *limit), url, (id, body), counter).await
            }
            Self::Ws { url, client, limit } => {
                let client = client.get_or_try_init(|| connect(url, *limit)).await?;
                // The envelope is some fifty bytes.
                counter.asked(params.to_string().len() + method.len() + 50);
                let answer: Box<RawValue> =
                    client.request(method.to_owned(), params).await.map_err(|error| ws_error(url, error))?;
                counter.heard(answer.get().len());
                Ok(answer)
            }
        }
    }

    /// New heads as they come; `None` where the transport has no subscriptions.
    pub(super) async fn subscribe_heads(&self) -> Result<Option<RawSubscription>, CallError> {
        let Self::Ws { url, client, limit } = self else { return Ok(None) };
        let client = client.get_or_try_init(|| connect(url, *limit)).await?;
        let mut call = client.request::<_, B256>("eth_subscribe", ["newHeads"]);
        call.set_is_subscription();
        let id = call.await.map_err(|error| ws_error(url, error))?;
        match client.pubsub_frontend() {
            Some(frontend) => {
                let subscription = frontend.get_subscription(id).await;
                subscription.map(Some).map_err(|error| ws_error(url, error))
            }
            None => Ok(None),
        }
    }
}

async fn post(
    (client, limit): (&Client, ByteSize),
    url: &RpcUrl,
    (id, body): (u64, String),
    counter: &Counter,
) -> Result<Box<RawValue>, CallError> {
    let unavailable = |error: alloy::transports::http::reqwest::Error| {
        let reason = http::causes(&error.without_url());
        CallError::Unavailable(url.scrub(&reason))
    };
    let request = client.post(url.expose().clone()).header(CONTENT_TYPE, "application/json").body(body);
    let response = request.send().await.map_err(unavailable)?;
    let status = response.status().as_u16();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let most = usize::try_from(limit.as_u64()).unwrap_or(usize::MAX);
    let body = http::body(response, most).await.map_err(|error| match error {
        HttpError::TooLong(_) => CallError::TooLarge(limit),
        HttpError::Failed(reason) => CallError::Unavailable(url.scrub(&reason)),
    })?;
    counter.heard(body.len());
    HttpAnswer { status, retry_after, body: &body }.read(id)
}

async fn connect(url: &RpcUrl, limit: ByteSize) -> Result<RpcClient, CallError> {
    let most = usize::try_from(limit.as_u64()).ok();
    let config = WebSocketConfig::default().max_message_size(most).max_frame_size(most);
    // A lost connection is looked for for ever: giving up would leave a daemon blind (field-lessons.md R5).
    let connect = WsConnect::new(url.expose().as_str())
        .with_config(config)
        .with_max_retries(u32::MAX)
        .with_retry_interval(RECONNECT);
    ClientBuilder::default().ws(connect).await.map_err(|error| ws_error(url, error))
}

fn ws_error(url: &RpcUrl, error: TransportError) -> CallError {
    match error {
        RpcError::ErrorResp(payload) => {
            ErrorObject::new(payload.code, &payload.message, payload.data.as_deref()).meaning()
        }
        RpcError::DeserError { err, .. } => CallError::Malformed(excerpt(&err.to_string())),
        RpcError::NullResp => CallError::Malformed("null where a value was expected".to_owned()),
        other => CallError::Unavailable(url.scrub(&other.to_string())),
    }
}
