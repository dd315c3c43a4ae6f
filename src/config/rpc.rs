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
    /// Whether the watch looks at blocks that are announced and not sealed yet.
    pub pre_confirmed: PreConfirmed,
}

/// Base's flashblocks: every 200 ms a longer part of the next block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PreConfirmed {
    /// Only sealed blocks.
    Off,
    /// Where an endpoint announces them by itself, over a WebSocket.
    #[default]
    Auto,
    /// Other endpoints are asked for them too, five times a second.
    On,
}

impl Default for RpcConfig {
    /// 10 s and 4 rounds; 60 s of lag, so that a wall clock that is half a minute wrong does not stop us.
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            timeout: Duration::from_secs(10),
            retries: 4,
            max_head_lag: Duration::from_secs(60),
            pre_confirmed: PreConfirmed::Auto,
        }
    }
}
