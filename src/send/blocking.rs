//! What keeps a new action from being signed, and what a protective one may replace of it.

use serde::Serialize;

use super::{
    ChainClient, SendError, Sender,
    conflicts::{Conflict, Conflicts, rival},
    reconcile,
};
use crate::{
    config::Urgency,
    journal::{IntentId, IntentState, JournalError, TransactionRecord},
};

/// Something signed earlier that may still take effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocking {
    /// The intent.
    pub intent: IntentId,
    /// What it does.
    pub kind: String,
    /// How urgent it is; `None` when its plan does not tell.
    pub urgency: Option<Urgency>,
    /// How far it has come.
    pub state: IntentState,
    /// The nonces that it holds, lowest first.
    pub nonces: Vec<u64>,
    /// Whether a protective action may take its nonce.
    pub replaceable: bool,
}

impl<W: ChainClient> Sender<W> {
    /// What [`Self::require_resolved`] refuses for: everything signed that may still take effect, oldest first.
    pub fn blocking(&self) -> Result<Vec<Blocking>, SendError> {
        let pending = self.journal.reader().pending_transactions()?;
        let unresolved = self.journal.reader().unresolved()?.into_iter();
        Ok(unresolved
            .map(|intent| {
                let urgency = intent.plan.get("urgency").cloned();
                let urgency = urgency.and_then(|value| serde_json::from_value::<Urgency>(value).ok());
                let own = pending.iter().filter(|record| record.intent == intent.id);
                let mut nonces: Vec<u64> = own.map(|record| record.nonce).collect();
                nonces.dedup();
                Blocking {
                    intent: intent.id,
                    replaceable: urgency.is_some_and(|urgency| !urgency.is_protective()) && !nonces.is_empty(),
                    kind: intent.kind,
                    urgency,
                    state: intent.state,
                    nonces,
                }
            })
            .collect())
    }

    /// Looks what became of whatever is unresolved, and refuses when something remains that a protective action must
    /// not replace: another protective one that would still go through ([`Self::is_outdated`]). Signs nothing.
    pub async fn make_way(&mut self) -> Result<(), SendError> {
        if self.journal.reader().unresolved()?.is_empty() {
            return Ok(());
        }
        reconcile(&self.journal, &self.wire, &*self.clock).await?;
        let firm = self.blocking()?.into_iter().filter(|blocking| !blocking.replaceable);
        let mut ids: Vec<IntentId> = Vec::new();
        for blocking in firm {
            // What cannot be told stands.
            if !self.is_outdated(blocking.intent).await.unwrap_or(false) {
                ids.push(blocking.intent);
            }
        }
        if ids.is_empty() { Ok(()) } else { Err(JournalError::Unresolved { ids }.into()) }
    }

    /// What waits on the lowest pending nonce; `None` when nothing of another intent does.
    pub(super) fn rivals(&self, of: IntentId) -> Result<Option<Conflicts>, SendError> {
        let pending = self.journal.reader().pending_transactions()?;
        let lowest = pending.first().map(|record| record.nonce);
        Ok(lowest.and_then(|nonce| self.rivals_on(nonce, of, &pending)))
    }

    /// What waits on a nonce, of other intents.
    pub(super) fn rivals_on(&self, nonce: u64, of: IntentId, pending: &[TransactionRecord]) -> Option<Conflicts> {
        let account = self.journal.account();
        let on_nonce = pending.iter().filter(|record| record.nonce == nonce && record.intent != of);
        let all: Vec<Conflict> = on_nonce.filter_map(|record| rival(record, record.to == Some(account))).collect();
        all.last().cloned().map(|newest| Conflicts { nonce, newest, all })
    }
}
