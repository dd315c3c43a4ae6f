//! The replica and forks: what they are made of, their controls, recorded sequences, the venue, crashes played on them.
#![allow(clippy::expect_used, clippy::panic, missing_docs, reason = "a test that cannot go on says so")]

#[path = "../common/mod.rs"]
mod common;

mod crash_paths;
mod fork_live;
mod fork_story;
mod replica;
mod sequences;
mod venue;
mod venue_v2;
