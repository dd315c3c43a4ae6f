//! The refusal of an account that is only watched.

use crate::watchdog::ops::Refused;

/// The seat only looks on.
pub(super) fn no_key() -> Refused {
    Refused::new(4, "the daemon has no key for this account")
}
