//! `man`.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Command};

use super::shared::{
    exit::{Exit, Failure, Outcome},
    output::written,
};

/// `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write the page of every command into this directory, which is made if it is missing.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, command: Command) -> Outcome {
    if let Some(dir) = &args.dir {
        return pages(dir, command).map_err(|error| {
            let message = format!("--dir {}: {error}; name a directory that can be written", dir.display());
            Failure::message(Exit::Configuration, message)
        });
    }
    let mut page = Vec::new();
    written(clap_mangen::Man::new(command).render(&mut page).and_then(|()| {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&page).and_then(|()| stdout.flush())
    }))
}

fn pages(dir: &Path, command: Command) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    clap_mangen::generate_to(command, dir)
}
