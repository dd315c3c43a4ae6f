//! `doctor`.

use serde_json::{Value, json};
use trimtab::{
    journal::Journal,
    onedelta::{CALL_FORWARDER, COMPOSER, MORPHO_BLUE},
};

use crate::{
    common::Replica,
    masked::masked,
    trader::{Program, Trader},
};

async fn put_code(trader: &Trader, at: alloy::primitives::Address, code: &str) {
    let _: Value = trader.replica.request("anvil_setCode", json!([at, code])).await.expect("anvil");
}

#[tokio::test]
async fn a_healthy_replica_is_healthy_line_by_line_and_nothing_is_signed() {
    let trader = Trader::start().await;
    let checked = trader.program().run("doctor").await;
    insta::assert_snapshot!(masked(&checked.succeeds().stdout));
    assert_eq!(std::fs::read_dir(trader.journals.path()).expect("directory").count(), 0, "no journal is made");
    let json = trader.program().run("doctor --json").await.succeeds().json();
    assert_eq!(json["healthy"], true);
}

#[tokio::test]
async fn a_missing_contract_fails_and_one_that_can_be_done_without_warns() {
    let trader = Trader::start().await;
    put_code(&trader, MORPHO_BLUE, "0x").await;
    trader.program().run("doctor").await.succeeds().shows(&["warn  Morpho Blue: no code at", "Aave or Uniswap"]);
    put_code(&trader, CALL_FORWARDER, "0x").await;
    trader.program().run("doctor").await.fails(3, &["1 check failed"]).shows(&["FAIL  call forwarder: no code"]);
    put_code(&trader, COMPOSER, "0x").await;
    let checked = trader.program().run("doctor --json").await;
    // One document on stdout, although it fails.
    let checks = checked.fails(3, &["2 checks failed"]).json();
    assert_eq!(checks["healthy"], false);
}

#[tokio::test]
async fn an_owned_composer_and_an_unrecorded_one_are_told_of() {
    let trader = Trader::start().await;
    // Slot 1 upwards of nothing: an admin that answers owner() with 7.
    let admin = alloy::primitives::Address::repeat_byte(0xad);
    put_code(&trader, admin, "0x600760005260206000f3").await;
    let slot = trimtab::onedelta::EIP1967_ADMIN_SLOT;
    let _: Value =
        trader.replica.request("anvil_setStorageAt", json!([COMPOSER, slot, admin.into_word()])).await.expect("anvil");
    trader.program().run("doctor").await.succeeds().shows(&[
        "warn  composer admin: 0x",
        "not the recorded one",
        "owned by 0x0000000000000000000000000000000000000007",
    ]);
}

#[tokio::test]
async fn endpoints_that_are_away_or_of_another_network_are_named() {
    let trader = Trader::start().await;
    let away = "http://127.0.0.1:1";
    let alone = Program::new(trader.journals.path()).run(&format!("doctor -r {away} --rpc-timeout 1s")).await;
    alone.fails(6, &["no endpoint can be reached"]).shows(&["FAIL  endpoint http://127.0.0.1:1"]);
    let with_another = trader.program().args(["-r", away, "--rpc-timeout", "2s"]).run("doctor").await;
    with_another.succeeds().shows(&["warn  endpoint http://127.0.0.1:1", "ok    endpoint http://127.0.0.1:"]);
    let other = Replica::start().await;
    let mixed = trader.program().args(["-r", other.url()]).run("doctor").await;
    mixed.fails(3, &["1 check failed"]).shows(&["FAIL  endpoints agree", "endpoints of one network only"]);
}

#[tokio::test]
async fn a_real_key_a_journal_in_use_and_no_wallet_are_told_of() {
    let trader = Trader::start().await;
    let program = || Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url()]);
    let real = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
    let refused = program().run(&format!("doctor --private-key {real}")).await;
    refused.fails(3, &["1 check failed"]).shows(&["FAIL  wallet:", "real key", "--allow-real-key"]);
    assert!(!refused.stdout.contains(real) && !refused.stderr.contains(real), "a key is never shown");
    program().run("doctor").await.succeeds().shows(&["warn  wallet: none given"]);
    let from = trader.account.to_string();
    program().run(&format!("doctor --from {from}")).await.succeeds().shows(&["for reading only"]);

    let _writer = Journal::open(trader.journals.path(), trader.identity.id().as_str(), trader.account).expect("opens");
    let busy = program().run(&format!("doctor --from {from}")).await;
    busy.succeeds().shows(&["warn  journal:", &format!("in use by process {}", std::process::id())]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_with_the_secret_of_an_alert_service_that_others_can_read_is_told_with_what_closes_it() {
    use std::os::unix::fs::PermissionsExt;

    let trader = Trader::start().await;
    let path = trader.journals.path().join("hook");
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("mode");
    };
    std::fs::write(&path, "https://hooks.example/s3cr3t").expect("written");
    mode(trader.journals.path(), 0o755);
    mode(&path, 0o644);
    let file = path.to_str().expect("utf-8");
    let run = async |command: &str| trader.program().env("TRIMTAB_ALERTS_WEBHOOK_URL_FILE", file).run(command).await;
    let told = format!("{file} can be read by everybody on this machine");
    run("doctor").await.succeeds().shows(&[&format!("warn  alert secrets: {told}; chmod 600 {file}")]);
    let once = run("watch --once").await;
    assert!(once.stderr.contains(&format!("warning: {told}: `chmod 600 {file}`")), "{once:?}");
    assert!(!once.stderr.contains("s3cr3t"), "{once:?}");
    mode(&path, 0o600);
    let ran = run("doctor").await;
    assert!(!ran.succeeds().stdout.contains("alert secrets"), "{ran:?}");
}
