//! The rule about the key's nonce.

use serde_json::json;

use super::{Action, Rule, round::Round};
use crate::journal::Severity;

impl Round<'_> {
    /// A nonce ahead of ours was used elsewhere; one behind is an endpoint that lags.
    pub(super) fn nonce(&mut self) {
        let Some(nonce) = self.facts.nonce.filter(|nonce| nonce.on_chain > nonce.expected) else { return };
        if self.memory.nonce_is_news(nonce.on_chain) {
            let reason = format!(
                "the chain is at nonce {}, the journal at {}: somebody else sent with this key; taking over its nonce and going on",
                nonce.on_chain, nonce.expected,
            );
            self.fire(Rule::NonceMoved, Severity::Alert, "", reason, json!(nonce));
        }
        self.actions.push(Action::ResyncNonce { nonce: nonce.on_chain });
    }
}
