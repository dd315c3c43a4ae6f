//! Faults by user story: the node, the chain, the market and the disk fail; the user hears what and nothing is lost.
// The future of an order is deep: sender, venue and transport lie in it.
#![recursion_limit = "256"]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/proxy.rs"]
mod proxy;
#[path = "../common/trader.rs"]
mod trader;

#[cfg(feature = "failpoints")]
mod crash;
mod disk;
mod hostile;
mod keys;
mod market;
mod node;
mod race;
