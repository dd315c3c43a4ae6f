//! The watch on the real contracts of a replica: what the rules decide is done in time, and told.
// The future of an order is deep: sender, venue and transport lie in it.
#![recursion_limit = "256"]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/proxy.rs"]
mod proxy;
#[path = "../common/trader.rs"]
mod trader;

mod accounts;
mod feeds;
mod guard;
mod ladder;
mod look;
mod random_accounts;
mod sequence;
mod trim;
