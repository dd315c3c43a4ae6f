//! Help texts.

use crate::trader::Program;

/// Every command that does something.
const COMMANDS: [&str; 45] = [
    "demo",
    "replica build",
    "replica start",
    "replica stop",
    "replica status",
    "replica price",
    "replica liquidate",
    "replica warp",
    "replica fund",
    "fork",
    "status",
    "loop open",
    "loop adjust",
    "loop deposit",
    "loop withdraw",
    "loop close",
    "loop adopt",
    "loop pairs",
    "perp open",
    "perp close",
    "perp list",
    "perp tpsl",
    "perp margin add",
    "perp margin remove",
    "perp cancel",
    "perp intent",
    "watch",
    "watch drill",
    "watch health",
    "send",
    "decode",
    "journal list",
    "journal show",
    "journal export",
    "journal reconcile",
    "journal backup",
    "journal restore",
    "journal prune",
    "approvals list",
    "approvals revoke",
    "doctor",
    "config show",
    "completions",
    "man",
    "loop",
];

/// Sections that every command repeats.
const SHARED: [&str; 4] = ["Network options", "Settings:", "Output:", "Wallet options"];

#[tokio::test]
async fn every_command_tells_what_it_does_and_takes() {
    let mut text = String::new();
    for command in COMMANDS {
        let help = help(command).await;
        let own: Vec<&str> =
            help.split("\n\n").filter(|section| !SHARED.iter().any(|s| section.starts_with(s))).collect();
        text.push_str(&format!("$ trimtab {command} --help\n{}\n\n", own.join("\n\n").trim()));
    }
    insta::assert_snapshot!("help_of_commands", text);
}

#[tokio::test]
async fn the_program_tells_its_commands_and_the_options_of_all() {
    insta::assert_snapshot!("help", help("").await);
}

async fn help(command: &str) -> String {
    let dir = tempfile::tempdir().expect("temporary directory");
    let ran = Program::new(dir.path()).env("COLUMNS", "110").run(&format!("{command} --help")).await;
    ran.succeeds().stdout.clone()
}
