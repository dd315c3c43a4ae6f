//! What other endpoints say of a transaction that one endpoint calls included.

use std::time::Duration;

use alloy::primitives::U64;
use serde_json::json;
use tokio::task::JoinSet;

use super::{Endpoints, Receipt, call_error::CallError, endpoint::Endpoint, endpoints::decode, wire::WireReceipt};

/// How many are asked.
const AT_MOST: usize = 3;

/// How long they are waited for: what does not answer is no witness, and more waits for this.
const PATIENCE: Duration = Duration::from_millis(500);

impl Endpoints {
    /// Why a receipt is not to be believed, in words: another endpoint that has reached its block does not have it, or has it in
    /// another block or with another end. `None` where all that answer in time agree, and where there is one endpoint only.
    pub async fn contradiction(&self, receipt: &Receipt) -> Option<String> {
        let mut witnesses = self.usable();
        if witnesses.len() < 2 {
            return None;
        }
        witnesses.truncate(AT_MOST);
        let mut asked = JoinSet::new();
        for endpoint in witnesses {
            let (endpoints, receipt) = (self.clone(), receipt.clone());
            asked.spawn(async move { endpoints.against(&endpoint, &receipt).await });
        }
        let mut said: Vec<String> = asked.join_all().await.into_iter().flatten().collect();
        said.sort();
        said.into_iter().next()
    }

    async fn against(&self, endpoint: &Endpoint, receipt: &Receipt) -> Option<String> {
        let receipts = json!([receipt.transaction]);
        let theirs = endpoint.call(self.clock(), "eth_getTransactionReceipt", &receipts, decode::<Option<WireReceipt>>);
        let nothing = json!([]);
        let height = endpoint.call(self.clock(), "eth_blockNumber", &nothing, decode::<U64>);
        let both = async { tokio::join!(height, theirs) };
        let (height, theirs): (Result<U64, CallError>, _) = tokio::time::timeout(PATIENCE, both).await.ok()?;
        let (height, theirs) = (height.ok()?.to::<u64>(), theirs.ok()?.and_then(WireReceipt::mined));
        let (hash, number) = (receipt.transaction, receipt.block_number);
        let what = match theirs {
            None if height < number => return None,
            None => format!("does not have {hash} at block {height}, another endpoint has it in block {number}"),
            Some(theirs) if theirs.block_hash != receipt.block_hash => {
                format!(
                    "has {hash} in block {} of hash {}, not {}",
                    theirs.block_number, theirs.block_hash, receipt.block_hash
                )
            }
            Some(theirs) if theirs.success != receipt.success => {
                format!("has {hash} with status {}, another endpoint with the opposite", u8::from(theirs.success))
            }
            Some(_) => return None,
        };
        Some(format!("{} {what}", endpoint.name()))
    }
}
