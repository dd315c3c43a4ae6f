//! One signal carried out as one journalled saga: the loop up, the perp with stop and target, and the loop back.
//!
//! Promises: what comes next is a pure function ([`next`]) of the journal's state and the facts; a phase is on the disk
//! before anything of it is signed, with intent ids that a restart computes again; so a crash anywhere resumes or
//! unwinds and never doubles. Nothing is unwound while the perp's order is unresolved.
//! Fails with [`SagaError`]; the saga then stays open in the journal, and the next command that writes goes on with it.

mod facts;
mod machine;
#[cfg(test)]
mod machine_tests;
mod phase;
mod state;

pub use facts::{Facts, IntentFact, OrderFact};
pub use machine::{Finish, Goal, Step, Wait, goal, next, wanted};
pub use phase::{ATTEMPTS, Phase, Role, intent_of};
pub use state::{Held, Leg, STATE_VERSION, SagaState};
