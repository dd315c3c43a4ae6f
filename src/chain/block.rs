//! A block, and when the one after it comes.

use std::time::Duration;

use alloy::primitives::{B256, U256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Gwei, Millis, Secs};

/// Base makes a block every 200 ms; timestamps are whole seconds, so that about five blocks share one (docs.base.org).
pub const BLOCK_TIME: Duration = Duration::from_millis(200);

/// How many blocks Base makes in so much time. For what a protocol counts in blocks: heights of a range to search, how deep
/// something lies. Never for a deadline.
#[must_use]
pub const fn blocks_in(time: Duration) -> u64 {
    // 8 bytes hold the milliseconds of half a billion years.
    (time.as_millis() / BLOCK_TIME.as_millis()) as u64
}

/// A block, by everything a snapshot must remember of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct BlockRef {
    /// Height.
    pub number: u64,
    /// Hash; reads are pinned to it.
    pub hash: B256,
    /// The block's own timestamp, seconds since 1970 UTC.
    pub timestamp: Secs,
    /// Base fee per gas, wei.
    #[serde(with = "Gwei")]
    pub base_fee: U256,
    /// The block's time in milliseconds, where the endpoint tells it (`timestampMs`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp_ms: Option<Millis>,
}

impl BlockRef {
    /// Timestamp of the block after this one. Milliseconds tell whether it still shares this one's second; without them the
    /// next second is taken: interest of one second more, and the gas of an index that is brought up to date, are on the safe
    /// side of both.
    #[must_use]
    pub fn next_timestamp(&self) -> Secs {
        let next_second = self.timestamp.plus(Secs(1));
        let block_time = u64::try_from(BLOCK_TIME.as_millis()).unwrap_or(u64::MAX);
        self.timestamp_ms.map_or(next_second, |Millis(now)| {
            Secs(now.saturating_add(block_time) / 1_000).clamp(self.timestamp, next_second)
        })
    }

    /// The same state after empty blocks that are only imagined, not before a moment: what is simulated after it is given
    /// that number and time. For a chain that makes no blocks by itself.
    #[must_use]
    pub fn later(self, blocks: u64, not_before: Secs) -> Self {
        let number = self.number.saturating_add(blocks);
        Self { number, timestamp: self.timestamp.max(not_before), timestamp_ms: None, ..self }
    }
}

/// What reads are pinned to.
impl From<&BlockRef> for B256 {
    fn from(block: &BlockRef) -> Self {
        block.hash
    }
}

impl From<BlockRef> for B256 {
    fn from(block: BlockRef) -> Self {
        block.hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_after_shares_the_second_until_its_milliseconds_say_otherwise() {
        let block = |timestamp_ms| BlockRef {
            number: 7,
            hash: B256::ZERO,
            timestamp: Secs(1_793_000_000),
            base_fee: U256::ZERO,
            timestamp_ms,
        };
        let next = |ms: u64| block(Some(Millis(ms))).next_timestamp().0 - 1_793_000_000;
        assert_eq!([0, 200, 400, 600, 800].map(|ms| next(1_793_000_000_000 + ms)), [0, 0, 0, 0, 1]);
        assert_eq!(block(None).next_timestamp(), Secs(1_793_000_001));
        assert_eq!(blocks_in(Duration::from_secs(2)), 10);
        // Milliseconds that contradict the timestamp count for nothing.
        assert_eq!((next(0), next(u64::MAX)), (0, 1));
    }
}
