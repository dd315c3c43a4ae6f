//! A partial take profit or stop loss, which only the services keep.

use alloy::primitives::Address;
use serde_json::Value;

use super::link::Intent;

/// A partial take profit or stop loss that waits for its price.
#[derive(Debug, Clone)]
pub(super) struct PartialTrigger {
    pub(super) id: String,
    pub(super) trader: Address,
    pub(super) intent: Intent,
    /// As the client sent it.
    pub(super) order: Value,
}
