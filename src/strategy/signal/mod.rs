//! Signals as their authors write them: one JSON object each (strategy.md §2).
//!
//! Numbers are read from the text itself, so `0.0958` is that and nothing near it. A field that is unknown, repeated or
//! out of range is a [`SignalError`] that names it. Whether an id was traded before is the journal's to say.

mod error;
mod fields;
mod levels;
mod parse;
#[cfg(test)]
mod tests;

pub use crate::perps::Side;
pub use error::SignalError;
pub use levels::Levels;
pub use parse::{Kind, Signal};
