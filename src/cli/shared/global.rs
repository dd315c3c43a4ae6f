//! Flags that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{exit::Outcome, output::Output};
use crate::{
    chain::WalletArgs,
    config::{Loaded, Sources},
    localchain::InstanceName,
};

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct GlobalArgs {
    /// JSON-RPC endpoint, or its name in foundry.toml; repeat for failover. Without one, a running replica or fork is used.
    #[arg(long, short = 'r', global = true, value_name = "URL", help_heading = "Network options")]
    pub(in crate::cli) rpc_url: Vec<String>,
    /// Use the running replica of this name, whatever endpoints are set; without a name the one that was started without.
    /// Also `TRIMTAB_REPLICA`.
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        num_args = 0..=1,
        default_missing_value = InstanceName::DEFAULT,
        conflicts_with = "rpc_url",
        help_heading = "Network options"
    )]
    pub(in crate::cli) replica: Option<InstanceName>,
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
    pub(in crate::cli) json: bool,
    /// Only results and errors.
    #[arg(long, short = 'q', global = true, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
    /// More on stderr: -v decisions, -vv reads, -vvv everything.
    #[arg(long, short = 'v', global = true, action = ArgAction::Count, help_heading = "Output")]
    pub(in crate::cli) verbose: u8,
    /// Let a real key sign on a replica or fork. What it signs there is valid on Base too.
    #[arg(long, global = true, help_heading = "Wallet options")]
    pub(in crate::cli) allow_real_key: bool,
    /// Who acts.
    #[command(flatten)]
    pub(in crate::cli) wallet: WalletArgs,
    /// Settings from a command's own flags: key, flag, value.
    #[arg(skip)]
    pub(in crate::cli) overrides: Vec<(&'static str, &'static str, String)>,
}

impl GlobalArgs {
    /// How results are written.
    pub(in crate::cli) const fn output(&self) -> Output {
        Output { json: self.json, quiet: self.quiet, stream: false }
    }

    /// Settings with provenance.
    pub(in crate::cli) fn settings(&self) -> Outcome<Loaded> {
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
}
