//! Plans: what an action would do, as data, and the types that keep an unchecked one from being sent.
//!
//! A [`Plan`] is made by a pure planner from a snapshot: steps, bounds, and the predicted state after it. [`check`]
//! turns it into [`Approved`] if every bound holds; [`rehearse`] shows what it would do without any signature;
//! [`simulate`] runs the exact signed call data and gives [`Simulated`], the only thing the sender accepts. Both have
//! private constructors.
//! Fails with [`Refusal`] (a bound does not hold: both figures are in it) or [`SimulationError`].

mod bound;
mod check;
mod document;
mod figure;
mod permit;
mod permit_path;
mod quantity;
mod rehearse;
mod simulate;
mod step;
mod subject;

pub use bound::{Bound, Rule};
pub use check::{Approved, Refusal, check};
pub use document::{Plan, SCHEMA};
pub use figure::{Deviation, Figure, ReadBack, deviations};
pub use permit::{PermitKind, PermitRequest};
pub use quantity::Quantity;
pub use rehearse::{Rehearsal, StepResult, rehearse};
pub use simulate::{CallOutcome, Simulated, SimulatedCall, SimulationError, Simulator, alone_words, simulate};
pub use step::{CallData, FillError, ReadyStep, Segment, SignedPermits, Step};
pub use subject::{Kept, PlanSubject, SubjectError};
