//! `doctor`: whether everything is ready.

pub(super) mod account;
pub(super) mod run;
