//! Price paths that try the rules: seeded crashes, an account, the watch's own [`evaluate`], [`protection`] and [`next`], a
//! liquidator in the same blocks. Pure and repeatable: the same seed is the same story.
//!
//! A seed draws an account (one to four collaterals, one to three debts, deposits, dust, parts that no journal knows, and
//! what its owner allows) and what happens to it. Account model, rules, protection planner, ladder and plans are the
//! program's; the very call data of a plan is carried out by Aave's arithmetic and the pools'. Simulated are prices, pools
//! with constant product that are filled up again after each block, interest, strangers, the order in the block, and a
//! liquidator that takes every account below a health factor of one by Aave's close factor, where it earns most.
//! [`Outcome`] says what became of the account, and [`Report`] counts. Gas costs nothing.
//!
//! [`evaluate`]: crate::watchdog::rules::evaluate
//! [`next`]: crate::watchdog::ladder::next
//! [`protection`]: crate::watchdog::protection

mod account;
mod allowed;
mod assets;
mod decided;
mod draw;
mod execute;
mod figures;
mod judge;
mod kind;
mod ladder;
mod liquidator;
mod look;
mod market;
mod notice;
mod outcome;
mod path;
mod report;
mod reserves;
mod rng;
mod run;
mod shape;
mod step;
#[cfg(test)]
mod stories;
mod story;
mod swaps;
mod table;
#[cfg(test)]
mod tests;
mod track;
mod watcher;

pub use account::{DrawnAccount, DrawnSupply};
pub use decided::{Decided, Deed};
pub use judge::{Applied, Judge, Scene};
pub use kind::{Form, Kind};
pub use liquidator::prey;
pub use notice::{Notice, Shown};
pub use outcome::Outcome;
pub use path::Path;
pub use report::{KindReport, Report};
pub use run::{run, tell};
pub use step::{AssetPrice, Step};
