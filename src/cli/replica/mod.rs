//! `replica`: build, start, stop and steer offline replicas of Base.

pub(super) mod args;
pub(super) mod controls;
pub(super) mod price;
pub(super) mod processes;
pub(super) mod run;
pub(super) mod state;
