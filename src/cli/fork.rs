//! `fork`: an anvil fork of Base with the replica's controls.

use clap::Args;

use super::{
    replica::{args::MiningArgs, processes::Stopped},
    shared::{exit::Outcome, global::GlobalArgs},
};
use crate::localchain::{self, Cache, DEFAULT_PORT, ForkOptions, Kit, LocalKind, start_fork};

#[derive(Debug, Args)]
pub(super) struct ForkArgs {
    /// RPC to fork from.
    #[arg(long, value_name = "URL", env = "BASE_RPC_URL", hide_env_values = true, required_unless_present = "stop")]
    fork_url: Option<String>,
    /// Block to fork at; the newest by default.
    #[arg(long, value_name = "NUMBER")]
    fork_block_number: Option<u64>,
    /// Stop the running fork.
    #[arg(long, conflicts_with_all = ["fork_block_number", "port"])]
    stop: bool,
    /// Port to listen on.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,
    #[command(flatten)]
    mining: MiningArgs,
}

pub(super) async fn run(global: &GlobalArgs, args: ForkArgs) -> Outcome {
    let Some(url) = args.fork_url.filter(|_| !args.stop) else {
        let stopped = localchain::stop(&Cache::find()?, LocalKind::Fork).await?;
        return global.output().result(&Stopped { stopped: stopped.as_ref() }, || match &stopped {
            Some(instance) => format!("stopped the fork at {}", instance.url),
            None => "no fork was running".to_owned(),
        });
    };
    let options = ForkOptions { url, block_number: args.fork_block_number };
    let instance = start_fork(&Kit::find()?, &options, args.port, args.mining.mining()).await?;
    global.output().result(&instance, || {
        format!("fork of {} at {}; `trimtab replica price|warp|fund` steer it too", instance.origin, instance.url)
    })
}
