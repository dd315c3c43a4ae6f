//! Flags that every command takes.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
};

use clap::{ArgAction, Args};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

use super::{exit::Outcome, output::Output};
use crate::{
    chain::WalletArgs,
    config::{Loaded, Sources},
};

/// Where logs go, and how much is logged when nobody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logs {
    /// Warnings to stderr.
    Warnings,
    /// Decisions to stderr.
    Decisions,
    /// Decisions to a file beside the journals: the terminal shows a table.
    File,
}

/// Name of the log file while a table has the terminal.
pub(super) const LOG_FILE: &str = "watch.log";

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct GlobalArgs {
    /// JSON-RPC endpoint, or its name in foundry.toml; repeat for failover. Without one, a running replica or fork is used.
    #[arg(long, short = 'r', global = true, value_name = "URL", help_heading = "Network options")]
    pub(super) rpc_url: Vec<String>,
    /// How long one call may take, such as 10s.
    #[arg(long, global = true, value_name = "DURATION", help_heading = "Network options")]
    rpc_timeout: Option<String>,
    /// The perp venue's price service. Without one, that of a replica or fork that was started by this program is used.
    #[arg(long, global = true, value_name = "URL", help_heading = "Network options")]
    price_url: Option<String>,
    /// Settings file instead of the trimtab.toml that is searched for.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    /// Profile in the settings file.
    #[arg(long, global = true, value_name = "NAME", help_heading = "Settings")]
    profile: Option<String>,
    /// Where journals are kept.
    #[arg(long, global = true, value_name = "DIR", help_heading = "Settings")]
    journal_dir: Option<PathBuf>,
    /// One JSON document on stdout.
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
    /// Only results and errors.
    #[arg(long, short = 'q', global = true, help_heading = "Output")]
    quiet: bool,
    /// More on stderr: -v decisions, -vv reads, -vvv everything.
    #[arg(long, short = 'v', global = true, action = ArgAction::Count, help_heading = "Output")]
    verbose: u8,
    /// Let a real key sign on a replica or fork. What it signs there is valid on Base too.
    #[arg(long, global = true, help_heading = "Wallet options")]
    pub(super) allow_real_key: bool,
    /// Who acts.
    #[command(flatten)]
    pub(super) wallet: WalletArgs,
    /// Settings from a command's own flags: key, flag, value.
    #[arg(skip)]
    pub(super) overrides: Vec<(&'static str, &'static str, String)>,
}

impl GlobalArgs {
    /// How results are written.
    pub(super) const fn output(&self) -> Output {
        Output { json: self.json, quiet: self.quiet }
    }

    /// Settings with provenance.
    pub(super) fn settings(&self) -> Outcome<Loaded> {
        let mut sources =
            Sources::from_process().file(self.config.clone()).profile(self.profile.clone()).rpc_urls(&self.rpc_url);
        if let Some(timeout) = &self.rpc_timeout {
            sources = sources.flag("rpc.timeout", "--rpc-timeout", timeout.clone());
        }
        if let Some(url) = &self.price_url {
            sources = sources.flag("perps.price_url", "--price-url", url.clone());
        }
        if let Some(dir) = &self.journal_dir {
            sources = sources.flag("journal_dir", "--journal-dir", dir.display().to_string());
        }
        for (key, flag, value) in &self.overrides {
            sources = sources.flag(key, flag, value.clone());
        }
        Ok(sources.load()?)
    }

    /// Logs go to stderr, or to a file while a table has the terminal: warnings, and more with -v; `TRIMTAB_LOG` takes a
    /// filter. Where the program goes on by itself, nobody who does not read its logs can keep it from acting: a thread of its own
    /// writes them, and what does not fit into its queue is dropped. The guard writes what is left.
    pub(super) fn init_logging(&self, logs: Logs) -> Option<WorkerGuard> {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (_, 0) if logs == Logs::Warnings => "warn",
            (_, 0) => "trimtab=info,warn",
            (_, 1) => "trimtab=info,warn",
            (_, 2) => "trimtab=debug,info",
            _ => "trace",
        };
        let filter = EnvFilter::try_from_env("TRIMTAB_LOG").unwrap_or_else(|_| EnvFilter::new(level));
        if logs == Logs::File {
            // What the settings say is said again by the command itself; without a file the logs are held back.
            let file = self.settings().ok().and_then(|loaded| log_file(&loaded.config.journal_dir).ok());
            let (writer, guard) = beside(file?);
            let to_file = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
            let _ = to_file.with_writer(writer).try_init();
            return Some(guard);
        }
        let to_stderr = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(std::io::stderr().is_terminal());
        if logs == Logs::Warnings {
            let _ = to_stderr.with_writer(std::io::stderr).try_init();
            return None;
        }
        let (writer, guard) = beside(std::io::stderr());
        let _ = to_stderr.with_writer(writer).try_init();
        Some(guard)
    }
}

/// A writer that waits for nobody.
fn beside(sink: impl Write + Send + 'static) -> (NonBlocking, WorkerGuard) {
    /// Some megabytes.
    const LINES: usize = 16_384;
    NonBlockingBuilder::default().buffered_lines_limit(LINES).lossy(true).finish(sink)
}

fn log_file(dir: &std::path::Path) -> std::io::Result<std::fs::File> {
    std::fs::create_dir_all(dir)?;
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(dir.join(LOG_FILE))
}
