//! Handing in signed transactions, to two endpoints where there are two.
//!
//! The bytes are always the same, so handing them in again is harmless; what a failure means is the question. Only a
//! refusal in the node's own words is definite; silence, a lost connection and a server error are not
//! (field-lessons.md, NautilusTrader's outcome policy).

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use alloy::primitives::{B256, Bytes, keccak256};
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    Endpoints,
    call_error::{CallError, METHOD_NOT_FOUND},
    endpoint::Endpoint,
    endpoints::decode,
};

/// How many endpoints get a transaction at once: the sequencer may refuse one of them (field-lessons.md R2).
const AT_ONCE: usize = 2;

/// What became of handing in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub enum SendOutcome {
    /// An endpoint took it.
    Accepted,
    /// An endpoint had it already.
    AlreadyKnown,
    /// Every endpoint asked refused it, definitely: it will not be mined as it is.
    Rejected(Rejection),
    /// Nobody can say; it may be mined. Look before anything else is done with the nonce. Exit code 7.
    Ambiguous(String),
}

/// Why a node refused a transaction, with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The nonce is used: by this transaction, mined before, or by another one.
    NonceTooLow(String),
    /// Transactions before it are missing.
    NonceTooHigh(String),
    /// Another transaction with this nonce waits and this one does not pay enough more.
    ReplacementUnderpriced(String),
    /// It pays less than the base fee or the node's minimum.
    FeeTooLow(String),
    /// Value and gas are more than the balance.
    InsufficientFunds(String),
    /// Gas limit below what the data alone costs, or above the block's or transaction's cap.
    GasLimit(String),
    /// The endpoint takes no such transaction, or not now: a rate, a limit of what waits, a method that it does not have. It says
    /// nothing about the transaction.
    NotTaken(String),
    /// Anything else.
    Other(String),
}

impl Rejection {
    /// What a refusal means that says nothing but the endpoint's code and words.
    fn by(code: i64, message: &str) -> Self {
        // No such method; an HTTP status in place of a code: a key, a plan, a path.
        if code == METHOD_NOT_FOUND || (400..500).contains(&code) {
            return Self::NotTaken(message.to_owned());
        }
        Self::of(message)
    }

    /// Reads a node's words (geth, reth, op-geth, nethermind, erigon, anvil).
    fn of(message: &str) -> Self {
        let words = message.to_lowercase();
        let says = |needles: &[&str]| needles.iter().any(|needle| words.contains(needle));
        let said = message.to_owned();
        if says(&["nonce too low", "oldnonce", "nonce is too low"]) {
            Self::NonceTooLow(said)
        } else if says(&["nonce too high", "nonce gap", "gapped-nonce", "noncegap"]) {
            Self::NonceTooHigh(said)
        } else if says(&["replacement transaction underpriced", "could not replace existing", "replacementnotallowed"])
        {
            Self::ReplacementUnderpriced(said)
        } else if says(&["insufficient funds", "insufficientfunds", "insufficient balance"]) {
            Self::InsufficientFunds(said)
        } else if says(&["underpriced", "base fee", "basefee", "feetoolow", "fee too low", "fee cap less than"]) {
            Self::FeeTooLow(said)
        } else if says(&["gas limit", "intrinsic gas", "gaslimitexceeded"]) {
            Self::GasLimit(said)
        } else if says(&[
            "in-flight",
            "inflight",
            "rate limit",
            "too many",
            "limit exceeded",
            "txpool is full",
            "pool is full",
        ]) {
            Self::NotTaken(said)
        } else {
            Self::Other(said)
        }
    }

    /// The node's words.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::NonceTooLow(said)
            | Self::NonceTooHigh(said)
            | Self::ReplacementUnderpriced(said)
            | Self::FeeTooLow(said)
            | Self::InsufficientFunds(said)
            | Self::GasLimit(said)
            | Self::NotTaken(said)
            | Self::Other(said) => said,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Endpoints {
    /// Hands in a signed transaction. Its identical bytes are handed in again where an endpoint was busy or silent.
    pub async fn send_raw(&self, raw: &Bytes) -> SendOutcome {
        let hash = keccak256(raw);
        let mut chosen = self.usable();
        // Better a slow or limited second endpoint than none.
        let spare = self.trusted().filter(|endpoint| !chosen.iter().any(|one| Arc::ptr_eq(one, endpoint)));
        let spare: Vec<_> = spare.cloned().collect();
        chosen.extend(spare);
        chosen.truncate(AT_ONCE);
        if chosen.is_empty() {
            return SendOutcome::Ambiguous(format!("not handed in: {}", self.why_none()));
        }
        let (sender, mut outcomes) = mpsc::channel(chosen.len());
        for endpoint in chosen {
            // A task of its own: once one endpoint took it we go on, while the other still gets it.
            let (endpoints, sender, raw) = (self.clone(), sender.clone(), raw.clone());
            tokio::spawn(async move {
                let outcome = endpoints.deliver(&endpoint, hash, &raw).await;
                let _ = sender.send(outcome).await;
            });
        }
        drop(sender);
        let mut worst = None;
        while let Some(outcome) = outcomes.recv().await {
            if matches!(outcome, SendOutcome::Accepted | SendOutcome::AlreadyKnown) {
                return outcome;
            }
            worst = Some(match worst {
                Some(SendOutcome::Ambiguous(reason)) => SendOutcome::Ambiguous(reason),
                // What one says of the transaction counts, not that another does not take any.
                Some(known @ SendOutcome::Rejected(_))
                    if matches!(outcome, SendOutcome::Rejected(Rejection::NotTaken(_))) =>
                {
                    known
                }
                _ => outcome,
            });
        }
        worst.unwrap_or_else(|| SendOutcome::Ambiguous("no endpoint reported".to_owned()))
    }

    /// To one endpoint, as often as it is busy or silent.
    async fn deliver(&self, endpoint: &Endpoint, hash: B256, raw: &Bytes) -> SendOutcome {
        let params = json!([raw]);
        let echoes = |raw: &serde_json::value::RawValue| match decode::<B256>(raw)? {
            same if same == hash => Ok(()),
            other => Err(CallError::Malformed(format!("answered with hash {other} for {hash}"))),
        };
        // Once an attempt was in doubt, "nonce too low" may mean that this very attempt was mined.
        let doubt = AtomicBool::new(false);
        let delivered = self
            .in_rounds(|| async {
                let sent = endpoint.call(self.clock(), "eth_sendRawTransaction", &params, echoes).await;
                let harmless = matches!(
                    sent,
                    Ok(()) | Err(CallError::RateLimited { .. } | CallError::Refused { .. } | CallError::Reverted(_))
                );
                doubt.fetch_or(!harmless, Ordering::Relaxed);
                sent
            })
            .await;
        match delivered {
            Ok(()) => SendOutcome::Accepted,
            Err(CallError::Refused { message, .. }) if is_known(&message) => SendOutcome::AlreadyKnown,
            Err(CallError::Refused { code, message }) => match Rejection::by(code, &message) {
                Rejection::NonceTooLow(said) if doubt.load(Ordering::Relaxed) => {
                    SendOutcome::Ambiguous(format!("{said}, after an attempt without an answer"))
                }
                rejection => SendOutcome::Rejected(rejection),
            },
            Err(CallError::Reverted(data)) => {
                SendOutcome::Rejected(Rejection::Other(format!("execution reverted: {data}")))
            }
            // It was turned away each time, before anybody looked at it.
            Err(error @ CallError::RateLimited { .. }) if !doubt.load(Ordering::Relaxed) => {
                SendOutcome::Rejected(Rejection::NotTaken(format!("{}: {error}", endpoint.name())))
            }
            Err(error) => SendOutcome::Ambiguous(format!("{}: {error}", endpoint.name())),
        }
    }
}

fn is_known(message: &str) -> bool {
    let words = message.to_lowercase();
    ["already known", "already imported", "alreadyknown", "known transaction", "existing tx with same hash"]
        .iter()
        .any(|needle| words.contains(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Case = fn(String) -> Rejection;

    #[test]
    fn a_nodes_words_are_read_whatever_the_node() {
        let cases: [(&str, Case); 9] = [
            ("nonce too low: next nonce 5, tx nonce 4", Rejection::NonceTooLow),
            ("OldNonce, Current nonce: 5, nonce of rejected tx: 4", Rejection::NonceTooLow),
            ("replacement transaction underpriced", Rejection::ReplacementUnderpriced),
            ("transaction underpriced: tip needed 1, tip permitted 0", Rejection::FeeTooLow),
            ("max fee per gas less than block base fee", Rejection::FeeTooLow),
            ("Insufficient funds for gas * price + value", Rejection::InsufficientFunds),
            ("exceeds block gas limit", Rejection::GasLimit),
            ("in-flight transaction limit reached for delegated accounts", Rejection::NotTaken),
            ("tx type not supported", Rejection::Other),
        ];
        for (said, rejection) in cases {
            assert_eq!(Rejection::of(said), rejection(said.to_owned()));
        }
        assert!(is_known("already known") && is_known("transaction already imported") && !is_known("unknown"));
    }
}
