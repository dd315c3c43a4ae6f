//! Prices of the feeds behind Aave's oracle, which they reach before it answers.
//!
//! Promises: at every head each feed is held against Aave's price of its token, and only a plausible price that is as new
//! as Aave's own gets through ([`judge`]); everything else comes back with its reason and both figures ([`FeedReading`]).
//! A feed can fail in any way, burn the gas of its call or answer without end: accounts and market are read all the same.
//! Fails only where the settings name a token that Aave does not list ([`UnknownFeed`]).

mod answer;
mod book;
mod fault;
mod judge;
mod query;
mod read;
mod reading;
#[cfg(test)]
mod tests;
mod trust;

pub use answer::FeedAnswer;
pub use book::{FeedBook, UnknownFeed};
pub use fault::FeedFault;
pub use judge::{FeedStanding, LEAST_SHARE, MOST_SHARE, Reference, judge};
pub(super) use query::{FeedQuery, RoundQuery};
pub use reading::{FeedReading, FeedVerdict};
