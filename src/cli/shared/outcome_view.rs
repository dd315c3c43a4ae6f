//! How the sending of a plan ended, in words.

use crate::{
    chain::{ErrorTable, Receipt},
    send::{Ending, Outcome as SendOutcome},
    trade::with_error_names,
};

/// How an execution ended, in words.
pub(in crate::cli) fn ending_words(outcome: &SendOutcome) -> String {
    let table: ErrorTable = crate::trade::error_table();
    let done = outcome.done.len();
    let before = if done == 0 { String::new() } else { format!("{done} earlier steps went through; then: ") };
    let what = match &outcome.ending {
        Ending::Mined => "all steps went through".to_owned(),
        Ending::Reverted { receipt, data } => {
            let Receipt { transaction, block_number, .. } = receipt;
            let why = data.as_ref().map_or_else(
                || "it goes through on the block before: something earlier in the same block was in its way".to_owned(),
                |data| table.decode(data).to_string(),
            );
            format!("{transaction} reverted in block {block_number}: {why}")
        }
        Ending::Unpaid(short) => short.to_string(),
        Ending::NotTaken { reason } => format!(
            "no endpoint takes the transaction: {reason}. Nothing was sent; run the same again, or with another --rpc-url"
        ),
        Ending::Rejected { reason } => format!("the endpoint refused the transaction: {reason}"),
        Ending::Cancelled { reason, receipt } => {
            format!("taken back by {} in block {}: {reason}", receipt.transaction, receipt.block_number)
        }
        Ending::Superseded { nonce, by, intent: None } => format!("nonce {nonce} was used by {by}, which is not ours"),
        Ending::Superseded { nonce, by, intent: Some(intent) } => {
            format!("nonce {nonce} was used by {by} of intent {intent}, which was to be replaced")
        }
        Ending::Unknown { hash, nonce, reason } => {
            format!(
                "nobody can say yet what becomes of {hash} (nonce {nonce}): {reason}; run `trimtab journal reconcile`"
            )
        }
        Ending::Outdated { hash, nonce, reason } => {
            format!("{hash} (nonce {nonce}) waits and would fail by now: {reason}; the next plan takes its place")
        }
        Ending::Stopped(error) => format!("not signed: {error}"),
    };
    with_error_names(&format!("{before}{what}"))
}
