//! The sender: on a network that loses, delays, refuses and lies, and on a replica.
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test that cannot go on says so")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../send_net/mod.rs"]
mod send_net;

mod faults;
mod protective;
mod receipts;
mod replica;
mod stories;
