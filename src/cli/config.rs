//! `config show`.

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use super::shared::{document::document, exit::Outcome, global::GlobalArgs, output::table};
use crate::config::{FeedInUse, Setting};

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

/// The settings in force.
#[derive(Debug, Serialize, JsonSchema)]
struct Shown<'a> {
    settings: &'a [Setting],
    /// Price feeds that are asked before Aave's oracle.
    feeds: &'a [FeedInUse],
}

document!("config": Shown<'_>);

pub(super) fn run(global: &GlobalArgs, command: &ConfigCommand) -> Outcome {
    let ConfigCommand::Show(args) = command;
    let loaded = global.settings()?;
    loaded.notes.iter().for_each(|note| global.output().note(note));
    let settings = loaded.origins()?;
    let feeds = loaded.config.watch.feeds_in_use();
    let document = Shown { settings: &settings, feeds: &feeds };
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
        format!("{}\n\n{}", table(&[], &rows), feeds_text(&feeds))
    })
}

/// Which feeds a watch asks for which token, and why.
fn feeds_text(feeds: &[FeedInUse]) -> String {
    if feeds.is_empty() {
        return "no price feed is asked before Aave's oracle: watch.feeds is empty and watch.default_feeds is off"
            .to_owned();
    }
    let row = |feed: &FeedInUse| {
        let how = if feed.by_ratio { "moves the token by its ratio" } else { "price of the token" };
        vec![feed.token.clone(), feed.feed.to_string(), how.to_owned(), feed.origin.to_string()]
    };
    let rows: Vec<Vec<String>> = feeds.iter().map(row).collect();
    table(&["feeds before Aave's oracle", "", "", "from"], &rows)
}
