//! What the chain says of a transaction and of a nonce.

use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256},
};

use super::ChainClient;
use crate::{
    chain::{ReadError, Receipt},
    journal::Inclusion,
};

pub(super) fn inclusion(receipt: &Receipt) -> Inclusion {
    Inclusion {
        block_number: receipt.block_number,
        block_hash: receipt.block_hash,
        success: receipt.success,
        gas_used: receipt.gas_used,
        effective_gas_price: receipt.effective_gas_price.saturating_to(),
        l1_fee: receipt.l1_fee,
    }
}

/// The transaction that used an account's nonce, in a block above `unused_at` and not above `head`; `None` when it is
/// not used in them. Asks for some twenty nonces at most, however far the blocks are apart.
pub(super) async fn user_of_nonce<W: ChainClient>(
    wire: &W,
    account: Address,
    nonce: u64,
    unused_at: u64,
    head: u64,
) -> Result<Option<B256>, ReadError> {
    if wire.nonce(account, BlockNumberOrTag::Number(head)).await? <= nonce {
        return Ok(None);
    }
    let (mut below, mut at) = (unused_at, head);
    while at.saturating_sub(below) > 1 {
        let middle = below.midpoint(at);
        if wire.nonce(account, BlockNumberOrTag::Number(middle)).await? > nonce {
            at = middle;
        } else {
            below = middle;
        }
    }
    let content = wire.block(at).await?;
    let included = content.into_iter().flat_map(|content| content.transactions);
    Ok(included.filter(|other| other.from == account && other.nonce == nonce).map(|other| other.hash).next())
}
