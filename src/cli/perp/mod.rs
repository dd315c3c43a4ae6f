//! `perp`: open, adjust, close and look at perps.

pub(super) mod args;
pub(super) mod intent;
pub(super) mod run;
pub(super) mod values;
pub(super) mod view;
