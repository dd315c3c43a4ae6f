//! Stories on a local chain, told step by step: the demo, and the five scenarios at every end.
//!
//! Promises: a story starts its own replica and ends it, writes its journal into a directory of its own that goes with
//! it, and uses the same planning, checking, simulating and sending as the commands do. Nothing outside is touched.
//! Fails with [`StoryError`]; what was told until then stays true.

mod arithmetic;
mod cell;
mod crash;
mod demo;
mod demo_env;
mod env;
mod executed;
mod fixture;
pub mod paths;
mod tables;

pub use cell::{Cell, CellResult};
pub use crash::{CrashOutcome, CrashReport, CrashRules, FeedMode, crash};
pub use demo::{Beat, demo, loop_story};
pub use demo_env::Floor;
pub use env::{Stage, StoryError};
pub use executed::{End, Executed, LoopGap};
pub use tables::{grid, play};
