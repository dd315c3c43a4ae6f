//! What bytes and checks say, in words: figures for people, made of what the rooms below know. Pure.
//!
//! [`explain_bytes`] recognises call data, packed streams and revert data; what nobody here knows is
//! [`Unrecognised`], with everything that was tried. [`Check`] is one line of a health check with its fix.

mod bytes;
mod call;
mod check;

pub use bytes::{Explanation, Kind, Unrecognised, explain_bytes};
pub use check::{Check, Verdict};
