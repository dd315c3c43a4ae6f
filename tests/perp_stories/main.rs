//! Perps by user story, on the venue's genuine contracts with a keeper that behaves or does not: what is planned is what
//! happens, every order is followed to its end, and nothing is ordered twice.
// The future of an order is deep: sender, venue and transport lie in it.
#![recursion_limit = "256"]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/liar.rs"]
mod liar;
#[path = "../common/mutate.rs"]
mod mutate;
#[path = "../common/trader.rs"]
mod trader;

mod audit;
mod desk;
mod endings;
mod life;
mod lying;
mod mutations;
mod orders;
mod program;
mod refusals;
mod toy;
