//! `config show`.

use clap::{Args, Subcommand};

use super::{exit::Outcome, global::GlobalArgs, output::table};

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Show every setting.
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// Say where each value comes from.
    #[arg(long)]
    origin: bool,
}

pub(super) fn run(global: &GlobalArgs, command: &ConfigCommand) -> Outcome {
    let ConfigCommand::Show(args) = command;
    let loaded = global.settings()?;
    let settings = loaded.origins()?;
    let document = serde_json::json!({ "settings": settings });
    global.output().result(&document, || {
        let rows: Vec<Vec<String>> = settings
            .iter()
            .map(|setting| {
                let mut row = vec![format!("{} = {}", setting.key, setting.value)];
                if args.origin {
                    row.push(setting.origin.to_string());
                }
                row
            })
            .collect();
        table(&[], &rows)
    })
}
