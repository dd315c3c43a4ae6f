//! `watch`: the daemon, one look (`--once`), `watch drill`, `watch health`.

mod accounts;
mod args;
mod checks;
mod daemon;
pub(super) mod drill;
mod drill_args;
mod emergency;
pub(super) mod events;
mod keys;
pub(super) mod once;
mod rows;
pub(super) mod run;
mod setup;

pub(super) use args::WatchArgs;
pub(super) use run::run;
