//! The table beside the program's own tree of commands.

use std::collections::BTreeSet;

use clap::CommandFactory;

use super::rows::rows;

/// Commands that change nothing of an account: they read, explain, practise, or steer a local chain.
const READS: [&str; 31] = [
    "demo",
    "replica build",
    "replica start",
    "replica stop",
    "replica status",
    "replica price",
    "replica liquidate",
    "replica warp",
    "replica fund",
    "replica keeper",
    "fork",
    "status",
    "loop pairs",
    "perp intent",
    "perp list",
    "signal plan",
    "signal list",
    // The daemon is the other side of the matrix.
    "watch",
    "watch health",
    "simulate scenarios",
    "simulate crash",
    "decode",
    "journal list",
    "journal show",
    "journal export",
    "journal backup",
    "approvals list",
    "doctor",
    "config show",
    "completions",
    "man",
];

/// Commands that need the journal for themselves: refused beside a daemon.
const ALONE: [&str; 2] = ["journal prune", "journal restore"];

/// Every command that does something, and whether it has `--broadcast`.
fn commands() -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), trimtab::cli::Cli::command())];
    while let Some((path, command)) = open.pop() {
        let inner: Vec<_> = command.get_subcommands().filter(|inner| inner.get_name() != "help").cloned().collect();
        let acts = inner.is_empty() || (!path.is_empty() && !command.is_subcommand_required_set());
        if acts {
            let sends = command.get_arguments().any(|argument| argument.get_long() == Some("broadcast"));
            found.push((path.clone(), sends));
        }
        open.extend(inner.into_iter().map(|inner| (format!("{path} {}", inner.get_name()).trim().to_owned(), inner)));
    }
    found
}

#[test]
fn no_command_that_changes_something_is_missing_in_the_matrix() {
    let table: BTreeSet<&str> = rows().map(|row| row.command).collect();
    let sent: BTreeSet<&str> = rows().filter(|row| row.sends()).map(|row| row.command).collect();
    let commands = commands();
    assert!(commands.len() > 40, "{commands:?}");
    for (command, sends) in &commands {
        let command = command.as_str();
        let lists = [table.contains(command), READS.contains(&command), ALONE.contains(&command)];
        let listed = lists.iter().filter(|listed| **listed).count();
        assert_eq!(
            listed, 1,
            "`{command}` is in {listed} lists: the matrix, those that only read, those that run alone"
        );
        assert!(!sends || sent.contains(command), "`{command}` has --broadcast and is not sent in the matrix");
    }
    let known: BTreeSet<&str> = commands.iter().map(|(command, _)| command.as_str()).collect();
    let unknown: Vec<&&str> =
        table.iter().chain(&READS).chain(&ALONE).filter(|command| !known.contains(**command)).collect();
    assert!(unknown.is_empty(), "the program has no {unknown:?}");
}
