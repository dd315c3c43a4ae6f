//! Loops by user story, on the real contracts of a replica: what is planned is what happens, and nothing is left behind.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/trader.rs"]
mod trader;

mod adjust;
mod close;
mod equity;
mod flash;
mod open;
mod random;
