//! The commands, and the program: parse, run, tell the exit code.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use super::{
    approvals, completions, config, decode, demo,
    doctor::run as doctor,
    flatten, fork, governor,
    journal::read as journal,
    logs::Logs,
    loop_::{args as loop_args, run as loops},
    man,
    perp::{args as perp_args, run as perp},
    replica::run as replica,
    send,
    shared::{exit, exit::Exit, global::GlobalArgs, output},
    signal::plan as signal,
    simulate::run as simulate,
    status, watch,
};
use crate::strategy;

/// Stack of the threads that the daemon's accounts run on, as large as that of the main thread: plans are deep.
const STACK: usize = 8 * 1024 * 1024;

/// What `--version` says: the version, and in a release build the commit (build.rs).
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("BUILT_FROM"));

/// Leverage on Base with your own wallet: Aave v3 loops in one transaction.
#[derive(Debug, Parser)]
#[command(name = "trimtab", version = VERSION, max_term_width = 110, propagate_version = true)]
#[command(
    after_help = "Every command that changes state shows its plan and a simulation; it sends only with --broadcast."
)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole story on the offline replica of Base; needs no configuration.
    Demo(demo::DemoArgs),
    /// Build, start, stop and steer the offline replica of Base.
    #[command(subcommand)]
    Replica(replica::ReplicaCommand),
    /// Start an anvil fork of Base with the replica's controls.
    Fork(fork::ForkArgs),
    /// Show loops with their thresholds as prices, balances, and what would bind next.
    Status(status::StatusArgs),
    /// Open, adjust and close an Aave v3 loop in one transaction.
    #[command(subcommand)]
    Loop(loop_args::LoopCommand),
    /// Open, change and close leveraged positions on the perpetuals venue.
    #[command(subcommand)]
    Perp(perp_args::PerpCommand),
    /// From a signal to a position: sized, checked, governed.
    #[command(subcommand)]
    Signal(signal::SignalCommand),
    /// Watch loops and perps at every block, and trim a loop before anybody can liquidate it.
    Watch(watch::WatchArgs),
    /// Open nothing until `resume`; what is open stays.
    Pause(governor::GovernorArgs),
    /// Allow opening again.
    Resume(governor::GovernorArgs),
    /// Close every perp and every loop that this program opened, and open nothing until `resume`.
    Flatten(flatten::FlattenArgs),
    /// Play stories on replicas of their own and compare them with the arithmetic.
    #[command(subcommand)]
    Simulate(simulate::SimulateCommand),
    /// Send a plan that was written with --plan-out.
    Send(send::SendArgs),
    /// Explain composer call data or revert data in words.
    Decode(decode::DecodeArgs),
    /// List, show, export, reconcile, back up and prune what this program did.
    #[command(subcommand)]
    Journal(journal::JournalCommand),
    /// Show and revoke what the composer may still do with the account's tokens.
    #[command(subcommand)]
    Approvals(approvals::ApprovalsCommand),
    /// Check endpoints, network, contracts, wallet and journal.
    Doctor(doctor::DoctorArgs),
    /// Show the settings.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Print a completion script for a shell.
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write the pages of all commands.
    Man(man::ManArgs),
}

/// Parses the command line, runs the command, and tells the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            output::usage(&error);
            let code = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            return code.into();
        }
    };
    let _logs = cli.global.init_logging(match &cli.command {
        Command::Watch(args) => args.logs(),
        _ => Logs::Warnings,
    });
    let output = cli.global.output();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = match runtime.thread_stack_size(STACK).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::say(&format!("error: the runtime could not be started: {error}"));
            return Exit::Bug.into();
        }
    };
    let done = runtime.block_on(run(cli));
    output.damaged();
    match done {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            output.failure(&failure);
            failure.exit.into()
        }
    }
}

async fn run(cli: Cli) -> exit::Outcome {
    let Cli { global, command } = cli;
    match command {
        Command::Demo(args) => demo::run(&global, &args).await,
        Command::Replica(command) => replica::run(&global, command).await,
        Command::Fork(args) => fork::run(&global, args).await,
        Command::Status(args) => status::run(&global, args).await,
        Command::Loop(command) => loops::run(&global, command).await,
        Command::Perp(command) => perp::run(&global, command).await,
        Command::Signal(command) => signal::run(&global, command).await,
        Command::Watch(args) => watch::run(&global, args).await,
        Command::Pause(args) => governor::run(&global, &args, strategy::Command::Pause).await,
        Command::Resume(args) => governor::run(&global, &args, strategy::Command::Resume).await,
        Command::Simulate(command) => simulate::run(&global, command).await,
        Command::Flatten(args) => flatten::run(&global, &args).await,
        Command::Send(args) => send::run(&global, args).await,
        Command::Decode(args) => decode::run(&global, args).await,
        Command::Journal(command) => journal::run(&global, command).await,
        Command::Approvals(command) => approvals::run(&global, command).await,
        Command::Doctor(args) => doctor::run(&global, args).await,
        Command::Config(command) => config::run(&global, &command),
        Command::Completions(args) => completions::run(&args, Cli::command()),
        Command::Man(args) => man::run(&args, Cli::command()),
    }
}
