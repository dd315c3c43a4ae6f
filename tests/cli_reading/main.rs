//! The commands that read: what an account's owner is shown, and what is said when something is not as it should be.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/large.rs"]
mod large;
#[path = "../common/listed.rs"]
mod listed;
#[path = "../common/proxy.rs"]
mod proxy;
#[path = "../common/trader.rs"]
mod trader;

mod approvals;
mod composer;
mod decode;
mod doctor;
mod help;
mod intent;
mod journal;
mod masked;
mod pairs;
mod status;
