//! From a signal to its plan, the kill switch, and closing everything: what a user types and sees.
// The future of an order is deep: sender, venue and transport lie in it.
#![recursion_limit = "256"]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/liar.rs"]
mod liar;
#[path = "../common/trader.rs"]
mod trader;

mod kit;
mod plan;
mod scenarios;
mod switch;
