//! `loop`: open, adjust, close and look at Aave loops.

pub(super) mod args;
pub(super) mod pairs;
pub(super) mod records;
pub(super) mod run;
