//! The ladder of strategy.md §5: what is tried next when a trim cannot be done as it should be.
//!
//! [`next`] is pure: the [`Situation`] and what was [`Tried`] in, one [`Rung`] out, with the reason in words. The order is
//! best flash source, other sources, the same with the next bound, slices, the wallet's debt tokens, withdraw and swap in
//! steps, the wallet's collateral, a human. A rung comes only when each one before it was impossible.
//!
//! Promises: an unknown outcome stops the ladder until it is resolved, for trying on could do the same thing twice; a rung
//! that the situation rules out is never tried and its reason is told; the last rung is always a human.
//! A ladder is climbed on one head; the next head begins at the bottom, on its own figures.

mod next;
mod rung;
mod situation;
#[cfg(test)]
mod tests;
mod tried;

pub use next::{Next, next};
pub use rung::Rung;
pub use situation::{SaleOption, Situation, WalletOption};
pub use tried::{Attempt, RungOutcome, Tried};
