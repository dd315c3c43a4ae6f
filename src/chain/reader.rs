//! The small trait behind which all reading stands.

use std::future::Future;

use alloy::primitives::{Address, B256};

use super::{Answers, Batch, BlockRef, read_error::ReadError};

/// Reads of chain state. Implementations put a deadline on every call.
pub trait Reader: Send + Sync {
    /// The newest block.
    fn head(&self) -> impl Future<Output = Result<BlockRef, ReadError>> + Send;

    /// Sends the whole batch as one `Multicall3.aggregate3` pinned to the block with this hash.
    fn read(
        &self,
        at: impl Into<B256> + Send,
        batch: &Batch,
    ) -> impl Future<Output = Result<Answers, ReadError>> + Send;

    /// The same for a small question that is asked often, in as few bytes as can be.
    fn read_packed(
        &self,
        at: impl Into<B256> + Send,
        batch: &Batch,
    ) -> impl Future<Output = Result<Answers, ReadError>> + Send {
        self.read(at, batch)
    }

    /// Whether an account takes ether that is sent to it, at this block. Only one that has code can refuse it.
    fn takes_ether(
        &self,
        _at: impl Into<B256> + Send,
        _account: Address,
    ) -> impl Future<Output = Result<bool, ReadError>> + Send {
        std::future::ready(Ok(true))
    }
}

impl<R: Reader> Reader for &R {
    fn head(&self) -> impl Future<Output = Result<BlockRef, ReadError>> + Send {
        (**self).head()
    }

    fn read(
        &self,
        at: impl Into<B256> + Send,
        batch: &Batch,
    ) -> impl Future<Output = Result<Answers, ReadError>> + Send {
        (**self).read(at, batch)
    }

    fn read_packed(
        &self,
        at: impl Into<B256> + Send,
        batch: &Batch,
    ) -> impl Future<Output = Result<Answers, ReadError>> + Send {
        (**self).read_packed(at, batch)
    }

    fn takes_ether(
        &self,
        at: impl Into<B256> + Send,
        account: Address,
    ) -> impl Future<Output = Result<bool, ReadError>> + Send {
        (**self).takes_ether(at, account)
    }
}
