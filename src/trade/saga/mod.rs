//! One signal carried out as one journalled saga: the loop up, the perp with stop and target, and the loop back.
//!
//! Promises: what comes next is a pure function ([`next`]) of the journal's state and the facts; a phase is on the disk
//! before anything of it is signed, with intent ids that a restart computes again; so a crash anywhere resumes or
//! unwinds and never doubles. Nothing is unwound while the perp's order is unresolved.
//! Fails with [`SagaError`]; the saga then stays open in the journal, and the next command that writes goes on with it.

mod accept;
mod act;
mod error;
mod executor;
mod facts;
mod follow;
mod gather;
mod host;
mod machine;
#[cfg(test)]
mod machine_tests;
mod order;
mod others;
mod paper;
mod phase;
mod plan;
mod record;
mod report;
mod run;
mod state;

pub use accept::{Policies, accept};
pub use error::SagaError;
pub use executor::Executor;
pub use facts::{Facts, IntentFact, OrderFact};
pub use follow::{Follow, Line};
pub use host::{Host, Notice};
pub use machine::{Goal, Step, Wait, goal, next, wanted};
pub use order::SignalOrder;
pub use others::{open_trades, state_of};
pub use phase::Finish;
pub use phase::{ATTEMPTS, Phase, Role, intent_of};
pub use report::{LegReport, PerpReport, SagaReport, report};
pub use run::{Progress, advance, resume_open_sagas};
pub use state::{Held, STATE_VERSION, SagaState};
