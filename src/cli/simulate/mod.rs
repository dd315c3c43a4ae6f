//! `simulate`: scenarios and price paths.

pub(super) mod crash;
pub(super) mod run;
