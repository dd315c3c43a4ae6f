//! `journal`: read it and look after it.

pub(super) mod keep;
pub(super) mod read;
