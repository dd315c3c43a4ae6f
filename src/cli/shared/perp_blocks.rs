//! Blocks that a local chain does not make by itself, and the venue waits for.

use alloy::primitives::U64;

use super::{exit::Outcome, session::Session};
use crate::{
    chain::{BlockRef, Reader},
    perps::PerpRequest,
    units::Secs,
};

/// The blocks that Base would have made between two commands: the venue's timelock is two.
const IDLE_BLOCKS: u64 = 2;

/// Whether a local chain makes blocks without being told to.
async fn mines_by_itself(session: &Session) -> bool {
    let interval = session.endpoints.request_once::<_, Option<u64>>("anvil_getIntervalMining", ()).await;
    matches!(interval, Ok(Some(_)))
}

/// The state on which an action is planned whose transaction must be some blocks after the last one, and as new as the
/// price it carries. A local chain that mines on demand stands still while the wall clock goes on. What is shown is
/// therefore planned and simulated as if it had gone on ([`BlockRef::later`]); what is sent needs the blocks themselves.
pub(in crate::cli) async fn next_state(session: &Session, broadcast: bool) -> Outcome<BlockRef> {
    let head = Reader::head(&session.endpoints).await?;
    if session.identity.is_live() || mines_by_itself(session).await {
        return Ok(head);
    }
    if !broadcast {
        // The chain's own clock, which need not be the wall's: the time of a block made now.
        let params = serde_json::json!(["pending", false]);
        let pending: serde_json::Value = session.endpoints.request_once("eth_getBlockByNumber", params).await?;
        let time = serde_json::from_value::<U64>(pending["timestamp"].clone()).unwrap_or_default();
        return Ok(head.later(IDLE_BLOCKS, Secs(time.to())));
    }
    for _ in 0..IDLE_BLOCKS {
        let _: serde_json::Value = session.endpoints.request_once("evm_mine", serde_json::json!([])).await?;
    }
    let head = Reader::head(&session.endpoints).await?;
    session.output.note(format!("a local chain makes no blocks by itself: two were mined, it is at {}", head.number));
    Ok(head)
}

/// Whether an action is one that [`next_state`] is for.
pub(in crate::cli) const fn waits_for_blocks(request: &PerpRequest) -> bool {
    match request {
        PerpRequest::Margin { .. } | PerpRequest::Levels { .. } | PerpRequest::Cancel { .. } => true,
        PerpRequest::Open(_) | PerpRequest::Close { .. } => false,
    }
}
