//! The venue's HTTP services (avantis-v2.md §1.2 and §3.1): what is asked, and answers that are read strictly in what is needed and not at
//! all in what is not.
//!
//! [`HostSet`] says where they are and whose keys may sign for them; [`VenueServices`] asks. Every request has a deadline, every answer
//! a size limit. Reads are tried again at 429, 502, 503 and 504 and when nobody answers; a post never is, because it may have been
//! taken. Fails with [`VenueServiceError`], which says whether the request may have been taken.

mod client;
mod error;
mod hosts;
mod json;
mod levels;
mod market;
mod meta;
mod positions;
mod spread;
mod sse;
#[cfg(test)]
mod stories;

pub use client::{Attempts, VenueServices};
pub use error::VenueServiceError;
pub use hosts::{HostPreset, HostSet, HostsError, VenueNetwork};
pub use market::MarketStream;
pub use meta::VenueMeta;
pub use positions::{TraderLimitOrder, TraderPosition, TraderPositions};
pub use spread::{QuotedSpread, SpreadAsk};
