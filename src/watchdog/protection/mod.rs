//! What protects an account: what may be sold and used for it, in which order, and which plan each rung of the ladder is.
//!
//! Everything here is pure: a [`Basis`] holds what was read at one head and the settings, [`Means`] chooses what is sold for
//! what, [`Means::situation`] is what the ladder climbs on, [`Means::plan`] makes a rung's plan, and [`Pursuit`] says whether
//! a trim goes on over the next head. The runner signs and sends what comes of it; the crash paths try it.

mod basis;
mod means;
mod request;
mod submission;
mod terms;
mod wallet;

pub use basis::Basis;
pub use means::Means;
pub use request::RungRequest;
pub use submission::Pursuit;
pub use terms::decimal;
