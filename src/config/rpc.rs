//! Section `rpc`.

use std::{num::NonZeroU32, time::Duration};

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::{RpcUrl, values};

/// How the chain is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RpcConfig {
    /// Endpoints; written as URLs or as names from `[rpc_endpoints]` of foundry.toml, with `${VARIABLE}`s.
    pub urls: Vec<RpcUrl>,
    /// Deadline of one call to one endpoint.
    #[serde(with = "values::duration")]
    pub timeout: Duration,
    /// Rounds over the endpoints after the first one, with growing pauses.
    pub retries: u32,
    /// On the live chain: how far a head's timestamp may lie behind the wall clock.
    #[serde(with = "values::duration")]
    pub max_head_lag: Duration,
    /// Whether heads are also subscribed to at the WebSockets of endpoints that are given as HTTP.
    pub websockets: WebSockets,
    /// The most that one answer may be; a longer one is broken off and counts as a failure of its endpoint.
    #[serde(default = "response_limit", with = "values::bytes")]
    pub max_response_bytes: ByteSize,
    /// Bytes a day, both directions, that the watch keeps to while nothing is near a trigger.
    #[serde(default, with = "values::optional_bytes")]
    pub max_bytes_per_day: Option<ByteSize>,
    /// Questions a second that it keeps to in the same way.
    pub max_requests_per_second: Option<NonZeroU32>,
}

impl RpcConfig {
    /// The first setting that cannot be, with the reason.
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        if self.timeout.is_zero() {
            return Some(("rpc.timeout", "a deadline of zero is never met".to_owned()));
        }
        if self.max_response_bytes < LEAST_RESPONSE {
            let reason = format!(
                "{}: a block of Base is up to {} long",
                self.max_response_bytes.display().si(),
                LEAST_RESPONSE.display().si()
            );
            return Some(("rpc.max_response_bytes", reason));
        }
        let few = self.max_bytes_per_day.filter(|most| *most < LEAST_BYTES)?;
        let reason = format!(
            "{} a day: less than {} does not carry a question a second",
            few.display().si(),
            LEAST_BYTES.display().si()
        );
        Some(("rpc.max_bytes_per_day", reason))
    }
}

/// What a question a second to one endpoint comes to in a day, with room for what is read in full.
const LEAST_BYTES: ByteSize = ByteSize::mb(500);

/// A full block's transactions as JSON, with room.
const LEAST_RESPONSE: ByteSize = ByteSize::mb(4);

/// 16 MB: no question of ours has an answer of more than some hundred kilobytes, but for whole blocks.
const fn response_limit() -> ByteSize {
    ByteSize::mb(16)
}

/// Where heads are subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebSockets {
    /// At endpoints that are given as `ws` or `wss`.
    Given,
    /// Also at the WebSocket that goes with an endpoint's HTTP address, where there is one.
    #[default]
    Derived,
}

impl Default for RpcConfig {
    /// 10 s and 4 rounds; 60 s of lag, so that a wall clock that is half a minute wrong does not stop us.
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            timeout: Duration::from_secs(10),
            retries: 4,
            max_head_lag: Duration::from_secs(60),
            websockets: WebSockets::Derived,
            max_response_bytes: response_limit(),
            max_bytes_per_day: None,
            max_requests_per_second: None,
        }
    }
}
