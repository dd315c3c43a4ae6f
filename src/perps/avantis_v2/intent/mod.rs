//! Signed orders (avantis-v2.md §2.3): contents, hashes, encodings, signatures and the requests that carry them.
//!
//! [`VenueIntent`] is what can be signed; [`OpenTerms`] and its like make one of decimals, [`IntentKind::read`] of JSON.
//! [`VenueIntent::for_signing`] is the one way to a signature: it refuses domains beside the pinned table and signers that the
//! contract would not take. What another service built is signed only if it holds to the last field what was asked
//! ([`BuiltIntent`]). Nothing here reads a clock; only [`IntentNonce::random`] draws a number.
//! Fails with [`IntentError`]: the field, with both values.

mod body;
mod compare;
mod delegate;
mod domain;
mod file;
mod from_request;
mod kind;
mod layout;
mod message;
mod nonce;
mod scale;
mod sign;
mod terms;
#[cfg(test)]
mod vectors;

pub use body::{IntentRequest, RequestHints};
pub use compare::{BuiltIntent, BuiltMismatch};
pub use delegate::{DelegateTerms, TermsOfService};
pub use domain::{Domain, DomainMismatch, DomainPlace, REFERRAL, ROUTER, Verifier};
pub use file::{FileIntent, IntentFileError};
pub use from_request::{RequestFacts, moves_target};
pub use kind::{IntentKind, SignerRule, VenueIntent};
pub use message::{MessageError, MessageField};
pub use nonce::IntentNonce;
pub use scale::TermsError;
pub use sign::{CheckedIntent, IntentError, SignedIntent};
pub use terms::{
    CloseSize, CloseTerms, CoinSize, IncreaseTerms, LevelTerms, OpenTerms, OpenType, PositionRef, TriggerAt,
    TriggerTerms, TriggerType, TwapCloseTerms, TwapOpenTerms, Validity, trigger_cancel, twap_cancel,
};
