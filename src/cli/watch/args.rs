//! The flags of `watch`.

use std::{io::IsTerminal, path::PathBuf};

use clap::{Args, Subcommand};

use super::drill_args;
use crate::cli::logs::Logs;

#[derive(Debug, Args)]
pub(in crate::cli) struct WatchArgs {
    #[command(subcommand)]
    pub(super) command: Option<WatchCommand>,
    /// Whom to watch: a keystore's name, or an address that is only looked at; repeat for more. `[[watch.keys]]` and
    /// `watch.accounts` of the settings come on top.
    #[arg(long, global = true, value_name = "NAME|ADDRESS")]
    pub(super) account: Vec<String>,
    /// Look once, act, and end: exit code 8 when it acted, 0 when there was nothing to do.
    #[arg(long)]
    pub(super) once: bool,
    /// Decide and log, send nothing.
    #[arg(long)]
    pub(super) shadow: bool,
    /// A live table on the terminal; q quits, logs go to watch.log beside the journals.
    #[arg(long, conflicts_with = "once")]
    pub(super) tui: bool,
    /// Trade every new line of this file, as `signal run --follow` does, in the same process.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["once", "shadow"])]
    pub(super) signals: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum WatchCommand {
    /// Trim a loop by 1 % of its debt and bring it back, and send a test alert through every channel.
    Drill(drill_args::DrillArgs),
    /// Ask the daemon on this machine whether it is alive; for a container's health check.
    Health,
}

impl WatchArgs {
    /// Where its logs go.
    pub(in crate::cli) fn logs(&self) -> Logs {
        let has_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
        match &self.command {
            Some(_) => Logs::Warnings,
            None if self.tui && has_terminal => Logs::File,
            None if self.once => Logs::Warnings,
            None => Logs::Decisions,
        }
    }
}
