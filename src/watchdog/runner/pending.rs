//! A protective transaction of ours that was signed and is in no block: left by a crash, dropped by a pool, taken back by a
//! reorg. Nothing else may be signed before its end is known, so the watch brings that end about.

use super::{ActionReport, WatchError, WatchedAccount, account::SignerAccess};
use crate::{
    journal::IntentId,
    send::{Ending, Outcome, SendError},
    watchdog::rules::Action,
};

impl WatchedAccount {
    /// Ends what stands in the way of a trim: sends the identical bytes again, or uses their nonce up when they would fail
    /// now and a trim cannot take it over. What a trim can take over is left to it; where none is called for any more, it
    /// is taken back, or it would wait for prices to return. `None` when nothing of ours ended here; the next head goes on.
    pub(super) async fn end_pending(&mut self, actions: &[Action]) -> Result<Option<ActionReport>, WatchError> {
        let wanted = actions.iter().find(|action| matches!(action, Action::Trim(_)));
        let SignerAccess::Sender(sender) = &mut self.hands else { return Ok(None) };
        if self.office.shadow {
            return Ok(None);
        }
        let open = sender.blocking()?.into_iter().filter(|held| !held.replaceable && !held.nonces.is_empty());
        let ids: Vec<IntentId> = open.map(|held| held.intent).collect();
        let mut acted = None;
        for intent in ids {
            let is_outdated = Box::pin(sender.is_outdated(intent)).await;
            let ended = match (wanted, is_outdated) {
                (Some(_), Ok(true)) => continue,
                (Some(_), _) => match Box::pin(sender.resend(intent)).await {
                    Err(SendError::Spoiled { reason, .. }) => {
                        tracing::warn!(%intent, reason, "an earlier action is taken back");
                        Box::pin(sender.take_back(intent)).await
                    }
                    other => other,
                },
                (None, Ok(true)) => {
                    tracing::warn!(%intent, "an earlier trim would fail by now and none is due: it is taken back");
                    Box::pin(sender.take_back(intent)).await
                }
                (None, _) => continue,
            };
            match (ended, wanted) {
                (Ok(outcome), Some(wanted)) => acted = Some(told(wanted, intent, &outcome)),
                (Ok(outcome), None) => tracing::info!(%intent, ending = ?outcome.ending, "an earlier trim has ended"),
                (Err(error), _) => tracing::warn!(%intent, %error, "an earlier action has no end yet"),
            }
        }
        Ok(acted)
    }
}

fn told(action: &Action, intent: IntentId, outcome: &Outcome) -> ActionReport {
    let block = outcome.done.last().map(|step| step.receipt.block_number);
    let mined_in = block.filter(|_| matches!(outcome.ending, Ending::Mined));
    let words = match mined_in {
        Some(block) => format!("sent again what had been signed before ({intent}): mined in block {block}"),
        None => format!("what had been signed before ({intent}) ended otherwise: {:?}", outcome.ending),
    };
    ActionReport { action: action.clone(), attempts: Vec::new(), mined_in, words }
}
