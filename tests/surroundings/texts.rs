//! Escape sequences and line breaks in what others wrote.

use std::fs;

use alloy::sol_types::{Revert, SolError};
use serde_json::json;
use trimtab::text::is_unsafe;

use super::SOMEBODY;
use crate::{
    chain_node::{Node, Reply},
    trader::{Program, Ran},
};

/// Clears the screen, renames the window, turns the direction of reading, hides a letter, and forges a line.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{200b}\u{2028}\nerror: forged\rok";

#[track_caller]
fn is_harmless(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains(is_unsafe), "{ran:#?}");
        assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{ran:#?}");
    }
}

#[tokio::test]
async fn what_an_endpoint_says_of_itself_and_its_errors_does_nothing_to_the_terminal() {
    let home = tempfile::tempdir().expect("directory");
    let error = Node::always(|| Reply::Error(json!({ "code": -32_000, "message": format!("no {EVIL}") }))).await;
    let client = Node::start(|method, _| match method {
        "web3_clientVersion" => Reply::Result(json!(format!("geth{EVIL}"))),
        "eth_chainId" => Reply::Result(json!("0x2105")),
        "eth_getBlockByNumber" => Reply::Result(json!({
            "number": "0x0", "hash": format!("0x{}", "11".repeat(32)), "parentHash": format!("0x{}", "00".repeat(32)),
            "timestamp": "0x1", "gasLimit": "0x1", "baseFeePerGas": "0x1", "stateRoot": format!("0x{}", "22".repeat(32)),
        })),
        _ => Reply::Error(json!({ "code": -32_601, "message": format!("none {EVIL}") })),
    })
    .await;
    for node in [&error, &client] {
        for command in ["status", "doctor", "status --json", "-vvv status"] {
            let words = format!("{command} --from {SOMEBODY} --rpc-url {}", node.url());
            let ran = Program::new(home.path()).run(&words).await;
            assert!(matches!(ran.code, Some(1..=9)), "{ran:#?}");
            is_harmless(&ran);
        }
    }
    let told = Program::new(home.path()).run(&format!("status --from {SOMEBODY} --rpc-url {}", client.url())).await;
    told.fails(3, &["unknown network", "geth\\u{1b}[2J"]);
}

#[tokio::test]
async fn a_file_name_and_a_value_of_the_settings_do_nothing_to_the_terminal() {
    let home = tempfile::tempdir().expect("directory");
    let name = format!("x{EVIL}.toml");
    for args in [vec!["--config", &name, "config", "show"], vec!["send", &name], vec![&name]] {
        let ran = Program::new(home.path()).args(args).run("").await;
        assert!(matches!(ran.code, Some(2..=3)), "{ran:#?}");
        is_harmless(&ran);
    }
    let escaped = serde_json::to_string(EVIL).expect("text").replace("\u{7f}", "\\u007f");
    for settings in [
        format!("journal_dir = {escaped}\n"),
        format!("[rpc]\nurls = [{escaped}]\n"),
        format!("[thresholds]\n{escaped} = 1\n"),
        format!("x = {EVIL}"),
        format!("[profile.{escaped}]\nx = 1\n"),
    ] {
        fs::write(home.path().join("trimtab.toml"), settings).expect("written");
        for command in ["config show", "config show --json"] {
            let mut program = Program::new(home.path());
            program = program.env("TRIMTAB_JOURNAL_DIR", "");
            is_harmless(&program.run(command).await);
        }
    }
    is_harmless(&Program::new(home.path()).env("ETH_KEYSTORE", EVIL).run("status --help").await);
}

#[tokio::test]
async fn a_revert_string_does_nothing_to_the_terminal() {
    let home = tempfile::tempdir().expect("directory");
    let data = Revert::from(EVIL.to_owned()).abi_encode();
    for json in ["", "--json"] {
        let words = format!("decode {} {json}", alloy::hex::encode_prefixed(&data));
        let ran = Program::new(home.path()).run(&words).await;
        is_harmless(ran.succeeds());
    }
}

#[tokio::test]
async fn an_argument_that_is_repeated_in_an_error_does_nothing_to_the_terminal() {
    let home = tempfile::tempdir().expect("directory");
    let red = "\u{1b}[31mred";
    for args in
        [vec!["status", "--from", red], vec![red], vec!["status", "--rpc-url", red], vec!["perp", "cancel", EVIL]]
    {
        let ran = Program::new(home.path()).env("CLICOLOR_FORCE", "1").args(args).run("").await;
        assert!(matches!(ran.code, Some(2..=3)), "{ran:#?}");
        is_harmless(&ran);
    }
    let plain = Program::new(home.path()).env("CLICOLOR_FORCE", "1").run("--help").await;
    assert!(plain.stdout.contains("\u{1b}[1m"), "our own colours stay: {plain:#?}");
}
