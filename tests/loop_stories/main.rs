//! Loops by user story, on the real contracts of a replica: what is planned is what happens, and nothing is left behind.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/listed.rs"]
mod listed;
#[path = "../common/trader.rs"]
mod trader;

mod adjust;
mod close;
mod delegated;
mod draw;
mod equity;
mod every_pair;
mod flash;
mod open;
mod random;
mod same_second;
mod second_exchange;
