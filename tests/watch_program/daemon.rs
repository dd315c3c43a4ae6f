//! The daemon from its start to its end.

use std::net::TcpListener;

use rust_decimal::dec;
use serde_json::Value;
use trimtab::loops::{Funds, Request, Target};

use crate::{
    kit::{Daemon, health, is_at_target, keeps_its_secrets, looped, price, program, until},
    trader::{Program, Trader, ether},
};

#[tokio::test]
async fn a_fall_is_trimmed_while_nobody_looks_and_sigterm_ends_it_in_good_order() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch").await;
    price(&trader, "2730").await;
    until("trimmed", || async { is_at_target(health(&trader).await) }).await;
    let ended = daemon.stop().await;
    ended.succeeds();
    for said in ["check=\"key\"", "check=\"network\"", "check=\"permits\"", "check=\"composer\"", "the watch has ended"]
    {
        let said = said.replace('"', "");
        let logs = ended.stderr.replace('"', "");
        assert!(logs.contains(&said), "`{said}` is not in {ended:#?}");
    }
    assert!(ended.stdout.is_empty(), "results only: {ended:#?}");
    keeps_its_secrets(&ended);
    let pair = trader.pair("WETH", "USDC").await;
    trader.assert_nothing_left(&pair).await;
    // The journal has it, and is free again.
    trader.program().run("journal list").await.succeeds().shows(&["reconciled"]);
    trader.program().run("journal reconcile").await.succeeds().shows(&["nothing is open"]);
}

#[tokio::test]
async fn of_two_daemons_the_second_ends_with_nine_and_the_first_goes_on() {
    let trader = looped().await;
    let first = Daemon::start(program(&trader), "watch").await;
    program(&trader).run("watch").await.fails(9, &["lock"]);
    program(&trader).run("watch --once").await.fails(9, &["lock"]);
    price(&trader, "2730").await;
    until("trimmed", || async { is_at_target(health(&trader).await) }).await;
    first.stop().await.succeeds();
}

#[tokio::test]
async fn a_port_that_somebody_has_stops_the_start_unless_figures_are_switched_off() {
    let trader = looped().await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("address").to_string();
    let refused = trader.program().env("TRIMTAB_METRICS_LISTEN", &address).run("watch").await;
    refused.fails(3, &["metrics.listen", &address]);
    let without = trader.program().env("TRIMTAB_METRICS_LISTEN", &address).env("TRIMTAB_METRICS_ENABLED", "false");
    Daemon::start(without, "watch").await.stop().await.succeeds();
}

#[tokio::test]
async fn a_container_hears_whether_the_daemon_is_alive() {
    let trader = looped().await;
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address").to_string();
    let here = || trader.program().env("TRIMTAB_METRICS_LISTEN", &free);
    here().run("watch health").await.fails(6, &["not alive"]);
    let daemon = Daemon::start(here(), "watch").await;
    here().run("watch health").await.succeeds().shows(&["alive"]);
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn thresholds_are_read_again_when_the_file_changed_and_the_old_ones_hold_when_it_is_wrong() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) }).await;
    // With a journal that knows nothing of the loop, the thresholds of the settings hold, and the settings say what may be sold.
    let other = tempfile::tempdir().expect("directory");
    let file = other.path().join("trimtab.toml");
    let write = |text: &str| std::fs::write(&file, text).expect("written");
    write("[watch]\nrecovery = 0.005\nsell = \"all\"\n");
    let watching = program(&trader).args(["--config", &file.display().to_string(), "--journal-dir"]);
    let daemon = Daemon::start(watching.args([other.path().to_str().expect("a path")]), "watch").await;
    write("[thresholds.volatile]\ntrigger = 9\n");
    daemon.reload().await;
    // Two wishes at once would be one: the first must have been heard.
    daemon.hears("STATUS=settings could not be read again, the old ones hold").await;
    write("[watch]\nsell = \"all\"\n[thresholds.volatile]\nwarn = 1.32\ntrigger = 1.30\ntarget = 1.40\n");
    daemon.reload().await;
    until("trimmed to the new target", || async {
        let _: Value = trader.replica.request("evm_mine", serde_json::json!([])).await.expect("a block");
        (health(&trader).await - dec!(1.4)).abs() < dec!(0.002)
    })
    .await;
    let ended = daemon.stop().await;
    ended.succeeds();
    assert!(ended.stderr.contains("the old ones hold"), "{ended:#?}");
    assert!(ended.stderr.contains("settings were read again"), "{ended:#?}");
}

#[tokio::test]
async fn without_a_terminal_the_table_is_plain_lines() {
    let trader = looped().await;
    let daemon = Daemon::start(program(&trader), "watch --tui --shadow").await;
    price(&trader, "2900").await;
    // The state of the head before the stop is on its way to the reader.
    daemon.hears("READY=1").await;
    let ended = daemon.stop().await;
    ended.succeeds().shows(&["WETH/USDC", "trimmed below 1.15 to 1.25", "liquidation at"]);
}

#[tokio::test]
async fn a_key_in_a_keystore_is_found_by_name_and_its_password_is_never_said() {
    let trader = looped().await;
    let home = tempfile::tempdir().expect("directory");
    let store = home.path().join(".foundry").join("keystores");
    std::fs::create_dir_all(&store).expect("directory");
    let key = crate::common::signer(trader.index).to_bytes();
    let mut rng = alloy::signers::k256::elliptic_curve::rand_core::OsRng;
    alloy::signers::local::PrivateKeySigner::encrypt_keystore(&store, &mut rng, key, "s3cr3t-w0rd", Some("guard"))
        .expect("keystore");
    let password = home.path().join("password");
    std::fs::write(&password, "s3cr3t-w0rd\n").expect("written");
    let watch = |words: &str| {
        let words = format!("{words} --account guard --password-file {}", password.display());
        let program = Program::new(trader.journals.path())
            .args(["--rpc-url", trader.replica.url()])
            .env("HOME", home.path().to_str().expect("path"))
            .env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0");
        async move { program.run(&words).await }
    };
    price(&trader, "2730").await;
    let ran = watch("watch --once -vv").await;
    assert_eq!(ran.code, Some(8), "{ran:#?}");
    assert!(!ran.stderr.contains("s3cr3t-w0rd") && !ran.stdout.contains("s3cr3t-w0rd"));
    keeps_its_secrets(&ran);
}
