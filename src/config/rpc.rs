//! Section `rpc`.

use std::time::Duration;

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
        }
    }
}
