//! Every kind of action in one place: which kind a plan is, and who audits, carries out and settles it.
//!
//! [`PlanKind::of`] recognises a plan; whoever meets a plan whose kind it does not know asks here and nowhere else.
//! [`audit`] holds one against what its action would send, [`execute`] carries it out; [`send`] does not wait for orders.
//! [`added_risk`] tells what a pause refuses.
//! [`settle_included`] and [`settle_at_venue`] compare what was sent with its plan, each by the room that planned it. What
//! no room knows is settled by nobody and named ([`Left`]).
//! Fails with [`UnknownKind`], [`ActionError`] and [`ReconcileError`]; one action that fails does not keep the others.

mod kind;
mod reconcile;
pub(crate) mod reverts;
mod risk;
mod run;

#[cfg(test)]
pub(crate) use kind::test_plan;
pub use kind::{PlanKind, UnknownKind};
pub use reconcile::{Left, ReconcileError, Reconciled, settle_at_venue, settle_included};
pub use risk::added_risk;
pub use run::{ActionError, Done, Sent, audit, execute, send};
