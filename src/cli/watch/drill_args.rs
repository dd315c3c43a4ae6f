//! The flags of `watch drill`.

use clap::Args;

#[derive(Debug, Args)]
pub(super) struct DrillArgs {
    /// Collateral of the loop that is trimmed and brought back: symbol or address. Without it and --debt, the loop that an
    /// emergency would trim first.
    #[arg(long, value_name = "ASSET")]
    pub(super) collateral: Option<String>,
    /// Its debt.
    #[arg(long, value_name = "ASSET")]
    pub(super) debt: Option<String>,
    /// Drill on amounts that the journal did not open, too.
    #[arg(long)]
    pub(super) include_existing: bool,
    /// Send it; without this flag the trim is planned, simulated and shown only.
    #[arg(long)]
    pub(super) broadcast: bool,
    /// Do not ask before sending.
    #[arg(long, short = 'y')]
    pub(super) yes: bool,
}
