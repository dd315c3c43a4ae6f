//! How big: a table's row for a signal, scaled to the base capital (strategy.md §3).
//!
//! Margins are cut to what USDC stores, so that a size is what will be sent and the notional is exactly margin × leverage.
//! Fails with [`SizingError`], which says which setting is missing or which table may not trade.

mod error;
mod size;
mod tables;
#[cfg(test)]
mod tests;

pub use error::SizingError;
pub use size::{Capital, Size, size};
pub use tables::tiers;
