//! What commands share: flags and session, plans and their delivery, prompts, exit codes, `--json` documents.

pub(super) mod began;
pub(super) mod beginning;
pub(super) mod deliver;
pub(super) mod document;
pub(super) mod error_view;
pub(super) mod errors;
pub(super) mod exit;
pub(super) mod gas_view;
pub(super) mod global;
pub(super) mod journal_reader;
pub(super) mod local;
pub(super) mod loop_state;
pub(super) mod names;
pub(super) mod open_signals;
pub(super) mod order;
pub(super) mod outcome_view;
pub(super) mod output;
pub(super) mod perp_blocks;
pub(super) mod plan_view;
pub(super) mod prompt;
pub(super) mod rehearsal;
pub(super) mod session;
pub(super) mod trade;
