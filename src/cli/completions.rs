//! `completions`.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_complete::Shell;

use super::shared::{exit::Outcome, output::written};

/// `completions SHELL`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, mut command: Command) -> Outcome {
    // Into memory first: the generator panics when its writer fails, and a pipe may be closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "trimtab", &mut script);
    let mut stdout = io::stdout().lock();
    written(stdout.write_all(&script).and_then(|()| stdout.flush()))
}
