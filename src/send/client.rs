//! What the sender needs of the network, as one small trait.

use std::future::Future;

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, U256},
};

use crate::{
    chain::{BlockRef, FeeMarket, ReadError, Receipt, SendOutcome},
    journal::{RawTx, Recorded},
    plan::Simulator,
};

/// A transaction of a block, as far as it tells who used a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Included {
    /// Sender.
    pub from: Address,
    /// Its nonce.
    pub nonce: u64,
    /// Its hash.
    pub hash: B256,
}

/// A block with the transactions in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockContent {
    /// The block.
    pub block: BlockRef,
    /// What is in it, in order.
    pub transactions: Vec<Included>,
}

/// The network as the sender sees it. Every call has its own deadline; reads may be asked again, and only
/// [`ChainClient::send_raw`] changes anything.
pub trait ChainClient: Simulator {
    /// The newest block.
    fn head(&self) -> impl Future<Output = Result<BlockRef, ReadError>> + Send;

    /// Base fee and suggested tip.
    fn fee_market(&self, head: BlockRef) -> impl Future<Output = Result<FeeMarket, ReadError>> + Send;

    /// Ether of an account at the newest block, wei.
    fn balance(&self, account: Address) -> impl Future<Output = Result<U256, ReadError>> + Send;

    /// Broadcasts a transaction that the journal has recorded, to two endpoints where there are two.
    fn send_raw(&self, transaction: &Recorded<RawTx>) -> impl Future<Output = SendOutcome> + Send;

    /// The receipt, if a block holds the transaction.
    fn receipt(&self, hash: B256) -> impl Future<Output = Result<Option<Receipt>, ReadError>> + Send;

    /// Whether an endpoint knows the transaction, waiting or included.
    fn is_known(&self, hash: B256) -> impl Future<Output = Result<bool, ReadError>> + Send;

    /// The account's next nonce.
    fn nonce(&self, account: Address, at: BlockNumberOrTag) -> impl Future<Output = Result<u64, ReadError>> + Send;

    /// The newest block that cannot be replaced any more, for all anybody says; `None` where nobody tells.
    fn finalized(&self) -> impl Future<Output = Option<u64>> + Send {
        async { None }
    }

    /// Why a receipt is not to be believed by what other endpoints say; `None` where nobody contradicts it.
    fn contradiction(&self, _receipt: &Receipt) -> impl Future<Output = Option<String>> + Send {
        async { None }
    }

    /// A block by its height, `None` above the head.
    fn block(&self, number: u64) -> impl Future<Output = Result<Option<BlockContent>, ReadError>> + Send;
}
