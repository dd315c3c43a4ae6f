//! Avantis v1.5 (avantis-v1.md): market orders are transactions that a keeper fills in transactions of its own.
//!
//! Recognised by its code, never by date. Positions, pairs and limits come from views at one block, prices from the
//! venue's price service, and what became of an order from events and receipts. [`math`] computes what the contracts
//! will, to the unit. Zero-fee (PnL) positions are listed but not opened, and their profit share is not computed.
//! Fails with [`PerpError`](crate::perps::PerpError).

mod abi;
mod audit;
mod chain_price;
mod deployment;
mod detail;
mod ending;
mod errors;
mod explain;
mod logs;
pub mod math;
mod orders;
mod pair_query;
mod plan;
mod positions;
mod prices;
mod read;
mod recognise;
mod reference;
mod slot;
mod track;
mod venue;
mod why;

pub use deployment::Deployment;
pub use detail::{Detail, PairDetail, Quote};
pub use errors::{ERRORS, STRINGS};
pub use explain::explain;
pub use prices::{PriceService, PriceUpdate};
pub use venue::AvantisV1;

/// The adapter's name, as plans and journals keep it.
pub const NAME: &str = "avantis-v1";
