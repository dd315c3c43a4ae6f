//! Readers that are gone.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
};

use super::SOMEBODY;
use crate::{
    common::{Replica, account},
    trader::Program,
};

/// Every kind of output that needs no node.
const COMMANDS: [&str; 10] = [
    "--help",
    "help loop open",
    "--version",
    "completions bash",
    "completions zsh",
    "man",
    "config show",
    "config show --json",
    "decode 0x08c379a0",
    "no such command",
];

fn program(words: &str, home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trimtab"));
    command.args(words.split_whitespace()).current_dir(home).env("HOME", home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The exit code where everybody reads.
fn read(words: &str, home: &std::path::Path) -> Option<i32> {
    program(words, home).output().expect("started").status.code()
}

/// The exit code and what stderr said, where somebody read it.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said).expect("text");
    }
    (child.wait().expect("its end").code(), said)
}

#[test]
fn a_reader_that_closed_the_pipe_makes_no_command_panic() {
    let home = tempfile::tempdir().expect("directory");
    for words in COMMANDS {
        let code = read(words, home.path());
        let mut child = program(words, home.path()).spawn().expect("started");
        drop(child.stdout.take());
        let (closed, said) = ended(child);
        assert_eq!(closed, code, "{words}: {said}");
        assert!(!said.contains("panic") && !said.contains("roken pipe"), "{words}: {said}");
    }
}

#[test]
fn nobody_who_reads_errors_and_logs_makes_no_command_panic() {
    let home = tempfile::tempdir().expect("directory");
    let away = format!("-vvv status --from {SOMEBODY} --rpc-url http://127.0.0.1:1 --rpc-timeout 1s");
    for words in ["no such command", "config show --profile none", "--json config show --profile none", &away] {
        let code = read(words, home.path());
        let mut child = program(words, home.path()).spawn().expect("started");
        drop(child.stdout.take());
        drop(child.stderr.take());
        assert_eq!(ended(child).0, code, "{words}");
        assert!(matches!(code, Some(2..=6)), "{words}: {code:?}");
    }
}

#[tokio::test]
async fn a_journal_is_exported_as_far_as_its_reader_reads() {
    let replica = Replica::start().await;
    let home = tempfile::tempdir().expect("directory");
    let opened = Program::new(home.path())
        .wallet(1)
        .args(["--rpc-url", replica.url()])
        .run("loop open --equity 1 --leverage 2 --broadcast")
        .await;
    opened.succeeds();
    let words = format!("--rpc-url {} --journal-dir {} --from {SOMEBODY}", replica.url(), home.path().display());
    assert_eq!(SOMEBODY.parse(), Ok(account(1)), "who opened the loop");
    for command in ["journal export", "journal list", "journal list --json", "status", "status --json"] {
        let mut child = program(&format!("{words} {command}"), home.path()).spawn().expect("started");
        drop(child.stdout.take());
        let (code, said) = ended(child);
        assert_eq!(code, Some(0), "{command}: {said}");
        assert!(!said.contains("panic") && !said.contains("roken pipe"), "{command}: {said}");
    }
}
