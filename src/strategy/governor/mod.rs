//! The risk governor: what no signal may exceed (strategy.md §9).
//!
//! [`decide`] answers every open from state, settings and a clock value: it lowers the notional, lowers leverage at the
//! same notional (the margin rises), or refuses, and names every cap that bound. It never raises a notional. A size that
//! it lowered is examined again with the policies that do not raise margin.

mod decide;
mod kelly;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{Bound, Cap, Decision, OpenPositions, Proposal, Refusal, decide};
pub use kelly::kelly_share;
pub use state::{Closed, Command, GovernorState};
