//! Crash paths on the replica: the paths that try the rules, carried out by the watch and its sender on real contracts.
//!
//! A path's block is a block of the chain: what the watch sent on the head before is in it first, then standard feed and
//! pools move, then a liquidator brings the price to Aave's oracle and calls `liquidationCall` on whatever falls below one,
//! both in one transaction. Beside the loop stands its twin, opened
//! alike and left alone; the liquidator takes it too. Where a path lets interest of hours pass in a block, the trim is
//! mined in a block of its own two seconds after its head, because its permits would not outlive the hours.
//! The watch reads the standard feed as every watch does, by default, or not at all ([`Foresight`]).

mod foresight;
mod outcome;
mod play;
mod tape;

pub use foresight::Foresight;
pub use outcome::{CrashOutcome, CrashReport};
pub use play::crash;
