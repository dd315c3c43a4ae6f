//! Price paths that try the rules: seeded crashes, a loop, the watchdog's own [`evaluate`] and [`next`], a liquidator in the
//! same blocks. Pure and repeatable: the same seed is the same story.
//!
//! A block of the simulation: what the watchdog decided on the head before is included first (it was sent within the first
//! 200 ms of the block), then prices and interest move, then the liquidator takes every loop below a health factor of one,
//! by Aave's close factor. [`Outcome`] says whether a fall below one was announced, and [`Report`] counts.
//! Simplified: one pool with constant product, filled up again by others after each block; gas costs nothing.
//!
//! [`evaluate`]: super::rules::evaluate
//! [`next`]: super::ladder::next

mod dice;
mod generate;
mod liquidator;
mod notice;
mod outcome;
mod path;
mod position;
mod report;
mod run;
mod seen;
mod swap;
#[cfg(test)]
mod tests;
mod trim;

pub use generate::Kind;
pub use notice::{Notice, Shown};
pub use outcome::Outcome;
pub use path::{Path, Step};
pub use position::Position;
pub use report::{KindReport, Report};
pub use run::run;
