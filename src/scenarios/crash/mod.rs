//! Crash paths on the replica: the paths that try the rules, carried out by the watch and its sender on real contracts.
//!
//! A path's block is a block of the chain, 200 ms after the one before it: what the watch sent on the head before, new prices of
//! standard feeds and pools, what strangers supply on the account's behalf, and last a liquidator that brings the prices to
//! Aave's oracle and calls `liquidationCall` on whatever falls below one, of the pair at which it earns most, in one
//! transaction. A step says whether prices come before what the watch sent. Beside the account stands its twin, opened alike
//! and left alone; strangers supply for it too, and the liquidator takes it too. Where a path lets interest of hours pass in a
//! block, the trim is mined in a block of its own after its head, because its permits would not outlive the hours.
//! The watch reads the standard feeds as every watch does, by default, or not at all ([`FeedMode`]). What must hold is the pure
//! paths' own judgement ([`Judge`](crate::watchdog::paths::Judge)), of what is read from the chain.

mod feed_mode;
mod outcome;
mod pace;
mod play;
mod reading;
mod surroundings;
mod turned;

pub use feed_mode::FeedMode;
pub use outcome::{CrashOutcome, CrashReport};
pub use play::{CrashRules, crash};
