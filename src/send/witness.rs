//! Whether a transaction is in a block: its receipt, the block's own list, the account's nonce and other endpoints must agree.
//! One false receipt would otherwise end the following of a transaction that may still be mined, and block its nonce.

use alloy::{eips::BlockNumberOrTag, primitives::B256};

use super::{BlockContent, ChainClient};
use crate::chain::{ReadError, Receipt};

/// The receipt of a transaction that is in a block of the chain, for all that can be asked.
pub(super) async fn included<W: ChainClient>(wire: &W, hash: B256) -> Result<Option<Receipt>, ReadError> {
    let Some(receipt) = wire.receipt(hash).await?.filter(|receipt| receipt.transaction == hash) else {
        return Ok(None);
    };
    let (content, next, contradiction) = tokio::join!(
        wire.block(receipt.block_number),
        wire.nonce(receipt.from, BlockNumberOrTag::Number(receipt.block_number)),
        wire.contradiction(&receipt),
    );
    let Some(nonce) = content?.and_then(|content| nonce_in(&content, &receipt)) else {
        tracing::warn!(%hash, block = receipt.block_number, "a receipt of a block that does not hold the transaction");
        return Ok(None);
    };
    let next = next?;
    if next <= nonce {
        tracing::warn!(%hash, block = receipt.block_number, nonce, next, "a receipt, but its nonce is not used at its block");
        return Ok(None);
    }
    if let Some(reason) = contradiction {
        tracing::warn!(%hash, reason, "endpoints contradict each other about a receipt");
        return Ok(None);
    }
    Ok(Some(receipt))
}

/// Whether the block that a receipt names is the one at its height, and holds the transaction.
pub(super) async fn is_canonical<W: ChainClient>(wire: &W, receipt: &Receipt) -> Result<bool, ReadError> {
    let content = wire.block(receipt.block_number).await?;
    Ok(content.is_some_and(|content| nonce_in(&content, receipt).is_some()))
}

/// The nonce of a receipt's transaction, where the block is the receipt's and lists it.
fn nonce_in(content: &BlockContent, receipt: &Receipt) -> Option<u64> {
    let is_it = |hash: B256| hash == receipt.transaction;
    let listed = content.transactions.iter().find(|listed| is_it(listed.hash) && listed.from == receipt.from);
    listed.filter(|_| content.block.hash == receipt.block_hash).map(|listed| listed.nonce)
}
