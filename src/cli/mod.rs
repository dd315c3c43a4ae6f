//! The command line: one file per command, shared composition in `session`.
//!
//! Promises: stdout carries the result only, as text or one JSON document with `--json`; everything else goes to stderr;
//! nothing that changes state is sent without `--broadcast`; exit codes as in docs/commands.md.
//! No decisions are taken here: rooms below decide, this room asks, shows and sends.

mod approvals;
mod command_line;
mod completions;
mod config;
mod decode;
mod demo;
mod doctor;
mod flatten;
mod fork;
mod governor;
mod journal;
mod logs;
mod loop_;
mod man;
mod perp;
mod replica;
mod send;
mod shared;
mod signal;
mod simulate;
mod status;
mod watch;

pub use command_line::{Cli, main};
pub use shared::exit::{Exit, Failure};
