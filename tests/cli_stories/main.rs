//! The command line by user story: what a user types, what the program says, and with which exit code it ends.
// The future of an order is deep: sender, venue and transport lie in it.
#![recursion_limit = "256"]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/mutate.rs"]
mod mutate;
#[path = "../common/proxy.rs"]
mod proxy;
#[path = "../common/trader.rs"]
mod trader;

mod existing;
mod input;
mod life;
mod mutations;
mod plan_file;
mod sequence;
mod stranger;
mod unknown;
