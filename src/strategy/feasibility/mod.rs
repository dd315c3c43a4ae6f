//! What the chain allows: the six checks of strategy.md §4, each with both figures.
//!
//! [`examine`] takes a size and a [`Market`] of plain numbers read at one block, and answers with every check, passed or
//! not, and the size that is left after the policies (`--cap`, `below_minimum`) changed it, which each says out loud.
//! A figure that cannot be computed is a refused check, never a passed one.

mod check;
mod examine;
mod loops;
mod market;
mod perps;
#[cfg(test)]
mod tests;

pub use check::{Check, Rule, Verdict};
pub use examine::{Feasibility, examine};
pub use loops::loop_health_factor;
pub use market::{Availability, Funds, LoopMarket, Market, PairMarket, Policies, StopLimits};
