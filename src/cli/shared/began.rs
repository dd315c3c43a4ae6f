//! What a command learnt at its beginning.

use std::{sync::Mutex, time::Duration};

use alloy::primitives::U256;

use crate::chain::BlockRef;

/// The newest block when the network was verified, and the gas price when it was first asked for.
#[derive(Debug)]
pub(in crate::cli) struct Began {
    pub(in crate::cli) head: BlockRef,
    pub(in crate::cli) at: Duration,
    pub(in crate::cli) price: Mutex<Option<(Duration, U256)>>,
}

impl Began {
    /// At a block, and a moment of the monotonic clock.
    pub(in crate::cli) const fn at(head: BlockRef, at: Duration) -> Self {
        Self { head, at, price: Mutex::new(None) }
    }
}
