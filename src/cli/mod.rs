//! The command line: one file per command, shared composition in `session`.
//!
//! Promises: stdout carries the result only, as text or one JSON document with `--json`; everything else goes to stderr;
//! nothing that changes state is sent without `--broadcast`; exit codes as in docs/commands.md.
//! No decisions are taken here: rooms below decide, this room asks, shows and sends.

mod approvals;
mod began;
mod command_line;
mod completions;
mod config;
mod decode;
mod deliver;
mod demo;
mod doctor;
mod doctor_account;
mod document;
mod error_view;
mod errors;
mod exit;
mod flatten;
mod fork;
mod gas_view;
mod global;
mod governor;
mod journal;
mod journal_keep;
mod local;
mod logs;
mod loop_args;
mod loop_records;
mod loops;
mod names;
mod order;
mod output;
mod perp;
mod perp_args;
mod perp_blocks;
mod perp_view;
mod plan_view;
mod replica;
mod replica_price;
mod replica_run;
mod send;
mod session;
mod signal;
mod signal_beside;
mod signal_events;
mod signal_run;
mod signal_stay;
mod signal_view;
mod simulate;
mod simulate_crash;
mod status;
mod trade;
mod watch;

pub use command_line::{Cli, main};
pub use exit::{Exit, Failure};
