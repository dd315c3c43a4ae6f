//! `completions`.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, exit::Outcome};

/// `completions SHELL`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> Outcome {
    clap_complete::generate(args.shell, &mut Cli::command(), "trimtab", &mut io::stdout());
    Ok(())
}
