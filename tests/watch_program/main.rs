//! `trimtab watch` as users run it: the real program on a replica of its own.
// The future of an order is deep: sender, venue and transport lie in it.
#![recursion_limit = "256"]
#![allow(clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/proxy.rs"]
mod proxy;
#[path = "../saga_stories/story.rs"]
mod story;
#[path = "../common/trader.rs"]
mod trader;

mod beside;
mod daemon;
mod drill;
mod ends;
mod events;
mod feeds;
mod gas;
mod handed;
mod keys;
#[cfg(feature = "failpoints")]
mod killed;
mod kit;
mod matrix;
mod once;
mod paused;
mod records;
mod signals;
mod stalled;
