//! What bytes and checks say, in words: figures for people, made of what the rooms below know.
//!
//! [`explain_bytes`] recognises call data, packed streams and revert data (pure); what nobody here knows is
//! [`Unrecognised`], with everything that was tried. [`Check`] is one line of a health check with its fix;
//! [`endpoint_checks`] and [`contract_checks`] ask the chain and never sign. A check that fails is an answer; only a
//! chain that cannot be asked is an error.

mod abilities;
mod bytes;
mod call;
mod check;
mod contracts;
mod delegation;
mod endpoints;
mod feeds;

pub use abilities::ability_checks;
pub use bytes::{Explanation, Kind, Unrecognised, explain_bytes};
pub use check::{Check, Verdict};
pub use contracts::contract_checks;
pub use delegation::delegation_check;
pub use endpoints::{EndpointReport, endpoint_checks};
pub use feeds::feed_checks;
