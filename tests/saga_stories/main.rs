//! Signals traded as sagas by user story: genuine contracts on a replica, a keeper in process that behaves or does not.
// The future of an order is deep: sender, venue and transport lie in it.
#![recursion_limit = "256"]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/trader.rs"]
mod trader;

#[cfg(feature = "failpoints")]
mod crash;
mod endings;
mod failures;
mod paper;
mod program;
mod refusals;
mod story;
mod tiers;
