//! `perp`: open, adjust, close and look at perps.

pub(super) mod args;
pub(super) mod run;
pub(super) mod view;
