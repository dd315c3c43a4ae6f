//! `fork`: an anvil fork of Base with the replica's controls.

use clap::Args;

use super::{exit::Outcome, global::GlobalArgs};
use crate::localchain::{DEFAULT_PORT, ForkOptions, Kit, start_fork};

#[derive(Debug, Args)]
pub(super) struct ForkArgs {
    /// RPC to fork from.
    #[arg(long, value_name = "URL", env = "BASE_RPC_URL", hide_env_values = true)]
    fork_url: String,
    /// Block to fork at; the newest by default.
    #[arg(long, value_name = "NUMBER")]
    fork_block_number: Option<u64>,
    /// Port to listen on.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,
}

pub(super) async fn run(global: &GlobalArgs, args: ForkArgs) -> Outcome {
    let options = ForkOptions { url: args.fork_url, block_number: args.fork_block_number };
    let instance = start_fork(&Kit::find()?, &options, args.port).await?;
    global.output().result(&instance, || {
        format!("fork of {} at {}; `trimtab replica price|warp|fund` steer it too", instance.origin, instance.url)
    })
}
