//! A look at head, nonce and balance that was taken ahead of signing.

use alloy::primitives::U256;

use crate::chain::BlockRef;

/// One look at the newest block, and at the account's nonces and ether, all asked at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) head: BlockRef,
    pub(super) latest: u64,
    pub(super) pending: u64,
    /// `None` where nobody tells.
    pub(super) ether: Option<U256>,
}

impl Look {
    /// The newest block.
    pub(super) const fn head(&self) -> BlockRef {
        self.head
    }
}
