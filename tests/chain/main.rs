//! Endpoints that fail or lie, which network it is, and the same questions to a real node.
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test that cannot go on says so")]

#[path = "../chain_node/mod.rs"]
mod chain_node;
#[path = "../common/mod.rs"]
mod common;

mod faults;
mod identity;
mod replica;
