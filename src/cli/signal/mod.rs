//! `signal`: plan, run and follow trades from signals.

pub(super) mod args;
pub(super) mod events;
pub(super) mod follow;
pub(super) mod plan;
pub(super) mod run;
pub(super) mod via_daemon;
pub(super) mod view;
