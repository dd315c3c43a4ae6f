//! From a signal to sizes, and what may stop it (strategy.md §2–§4, §9, §10).
//!
//! Pure: a signal, settings, a view of the market and a clock value in; a decision with its figures out. Nothing here
//! reads a chain, a file or a clock. Amounts are exact decimals; a result that does not fit is an error, never a wrong
//! number. The governor only ever lowers what a table asked for.
//! Fails with [`SignalError`] (the field), [`SizingError`], and with checks and refusals that carry both figures.

mod exact;
mod feasibility;
mod governor;
mod outcome;
mod scenario;
mod signal;
mod sizing;

pub use feasibility::{
    Availability, Check, Feasibility, Funds, LoopMarket, Market, PairMarket, Policies, Rule, StopLimits, Verdict,
    examine, loop_health_factor,
};
pub use governor::{
    Bound, Cap, Closed, Command, Decision, GovernorState, OpenPositions, Proposal, Refusal, decide, kelly_share,
};
pub use outcome::{Costs, LoopShare, Outcome, SideResult, outcome};
pub use scenario::{SCENARIOS, Scenario, ScenarioResult};
pub use signal::{Kind, Levels, Side, Signal, SignalError};
pub use sizing::{Capital, Size, SizingError, size, tiers};
