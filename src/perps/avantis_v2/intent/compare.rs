//! An intent that somebody else built, held against what was asked, before anything is signed. The official client compares
//! digests only, and so signs another size or side when the digest fits it (avantis-v2.md §2.5).

use alloy::primitives::{B256, Bytes};
use serde_json::Value;

use super::{
    domain::{Domain, DomainMismatch},
    kind::{IntentKind, VenueIntent},
    message::MessageError,
};

/// What a service answers that builds intents.
#[derive(Debug, Clone, PartialEq)]
pub struct BuiltIntent {
    /// Its domain.
    pub domain: Domain,
    /// Its struct.
    pub primary_type: String,
    /// The structs' fields.
    pub types: Value,
    /// The contents.
    pub message: Value,
    /// What would be signed.
    pub digest: B256,
    /// What would be sent.
    pub encoded: Option<Bytes>,
}

/// What differs from what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuiltMismatch {
    /// Another domain.
    #[error(transparent)]
    Domain(#[from] DomainMismatch),
    /// A field that cannot be read.
    #[error("the built intent: {0}")]
    Message(#[from] MessageError),
    /// Another value.
    #[error("the built intent is not what was asked: {field} is {built}, asked was {asked}; nothing is signed")]
    Field {
        /// Which field.
        field: String,
        /// As it was asked.
        asked: String,
        /// As it was built.
        built: String,
    },
}

fn same(field: &str, asked: String, built: String) -> Result<(), BuiltMismatch> {
    if asked == built { Ok(()) } else { Err(BuiltMismatch::Field { field: field.to_owned(), asked, built }) }
}

impl BuiltIntent {
    /// Refuses an intent that is not to the last field what was asked, for the domain that was asked.
    pub fn is(&self, asked: &VenueIntent, domain: &Domain) -> Result<(), BuiltMismatch> {
        self.domain.is(domain)?;
        let kind: IntentKind = asked.kind();
        same("primaryType", kind.name().to_owned(), self.primary_type.clone())?;
        kind.check_types(&self.types)?;
        let built = kind.read(&self.message)?;
        for (asked, built) in asked.fields()?.into_iter().zip(built.fields()?) {
            same(&asked.path, asked.value, built.value)?;
        }
        same("digest", asked.digest(domain).to_string(), self.digest.to_string())?;
        let hex = |bytes: Option<Bytes>| bytes.map_or_else(|| "absent".to_owned(), |bytes| bytes.to_string());
        same("encodedIntent", hex(asked.encoded()), hex(self.encoded.clone()))
    }
}
