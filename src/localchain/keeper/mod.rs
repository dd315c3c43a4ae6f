//! The local keeper of the perpetuals venue, and the price service that its clients ask.
//!
//! Promises: on a replica, or a fork of one, market orders are filled at the current price of the pair's feed, TP, SL,
//! liquidations and limit orders are executed when they are due, one order a transaction, by an account of its own; the
//! service answers on loopback as the venue's does (avantis-v2.md §3.3). It ends when its chain ends.
//! For tests it misbehaves on request: see [`Behaviour`]. Where the chain has the venue's second version, the double of its
//! services does all of this (`localchain/venue_v2`), on the same port.
//! Fails at the start where the venue is not the known one or does not take its prices; later failures are logged and
//! the order is refunded or left, as a real keeper would.

mod behaviour;
mod book;
mod due;
mod link;
mod process;
mod round;
mod run;
mod service;

pub use behaviour::{Behaviour, Conduct};
pub use process::KeeperProcess;
pub(crate) use process::start_keeper;
pub use run::{Keeper, KeeperOptions};
