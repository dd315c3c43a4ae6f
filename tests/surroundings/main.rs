//! What stands around the program: texts from outside, closed pipes, proxies, variables of others, several replicas, and what
//! is shipped with it.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../chain_node/mod.rs"]
mod chain_node;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/trader.rs"]
mod trader;

mod dist;
mod environment;
mod pipes;
mod proxy;
mod replicas;
mod texts;

/// Somebody without a key.
const SOMEBODY: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
