//! Identifiers that sort by time and come out the same when the same thing is recorded again after a restart.

use std::{fmt, str::FromStr};

use alloy::primitives::keccak256;
use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::units::Millis;

/// A text that is no identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: 26 letters and digits such as 01J9Z3NDEKTSV4RRFFQ69G5FAV, as `journal list` shows them")]
pub struct IdError(String);

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $domain:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(with = "String")] Ulid);

        impl $name {
            /// The id of what `subject` describes (a signal's id, a plan's hash and a counter) at `at`: 48 bits of
            /// time, then 80 bits of the subject's Keccak hash. Same inputs, same id.
            #[must_use]
            pub fn derive(at: Millis, subject: &[u8]) -> Self {
                let digest = keccak256([$domain.as_bytes(), subject].concat());
                let tail = digest.iter().take(10).fold(0u128, |tail, byte| (tail << 8) | u128::from(*byte));
                Self(Ulid::from_parts(at.0, tail))
            }

            /// When it was made, as far as the id tells.
            #[must_use]
            pub const fn created(self) -> Millis {
                Millis(self.0.timestamp_ms())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0.to_string())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Ulid::from_string(text).map(Self).map_err(|_| IdError(text.to_owned()))
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.0.to_string()))
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str()?.parse().map_err(FromSqlError::other)
            }
        }
    };
}

identifier!(
    /// Names one intent: a plan somebody wants carried out.
    IntentId,
    "trimtab intent"
);
identifier!(
    /// Names one position.
    PositionId,
    "trimtab position"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_subject_at_the_same_time_has_the_same_id_after_a_restart() {
        let at = Millis(1_790_000_455_123);
        let id = IntentId::derive(at, b"signal-17");
        assert_eq!(id, IntentId::derive(at, b"signal-17"));
        assert_ne!(id, IntentId::derive(at, b"signal-18"));
        assert_ne!(id.to_string(), PositionId::derive(at, b"signal-17").to_string());
        assert_eq!(id.created(), at);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn ids_sort_by_time() {
        assert!(IntentId::derive(Millis(1), b"z") < IntentId::derive(Millis(2), b"a"));
    }

    #[test]
    fn a_mistyped_id_is_named() {
        let error = "12".parse::<IntentId>().expect_err("too short");
        assert!(error.to_string().contains("`12`"), "{error}");
    }
}
