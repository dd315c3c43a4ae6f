//! Accounts whose ether runs out.

use std::net::TcpListener;

use alloy::primitives::U256;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    kit::{Daemon, health, is_at_target, looped, price, program, until},
    trader::{Program, Trader, ether},
};

/// Wei that pays for no transaction of this program.
const NEXT_TO_NOTHING: u64 = 2_000_000_000;

/// What the daemon answers to a path.
async fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the daemon listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

async fn block(trader: &Trader) {
    let _: Value = trader.replica.request("evm_mine", json!([])).await.expect("a block");
}

#[tokio::test]
async fn a_daemon_whose_account_has_no_ether_says_so_everywhere_and_trims_once_there_is_some() {
    let trader = looped().await;
    let free = free_port();
    let here = || trader.program().env("TRIMTAB_METRICS_LISTEN", &free);
    let daemon = Daemon::start(here(), "watch").await;
    block(&trader).await;
    until("ready", || async { get(&free, "/readyz").await.starts_with("HTTP/1.1 200") }).await;
    trader.has_ether(U256::from(NEXT_TO_NOTHING)).await;
    block(&trader).await;
    until("told by /readyz", || async {
        let answer = get(&free, "/readyz").await;
        answer.starts_with("HTTP/1.1 503")
            && answer.contains("no gas for a trim")
            && answer.contains(&trader.account.to_string())
    })
    .await;
    let figures = get(&free, "/metrics").await;
    let line = format!("trimtab_gas_trims{{account=\"{}\"}} 0", trader.account);
    assert!(figures.lines().any(|found| found == line), "{line} is not in {figures}");
    assert!(figures.contains("trimtab_ready 0"), "{figures}");

    price(&trader, "2730").await;
    until("the trim was tried", || async {
        get(&free, "/metrics").await.contains("trimtab_actions_total{kind=\"trim\",outcome=\"not-mined\"}")
    })
    .await;
    trader.has_ether(ether(1)).await;
    until("trimmed", || async {
        block(&trader).await;
        is_at_target(health(&trader).await)
    })
    .await;
    until("ready again", || async { get(&free, "/readyz").await.starts_with("HTTP/1.1 200") }).await;
    let ended = daemon.stop().await;
    ended.succeeds();
    for said in ["no gas for a trim", "not enough ether for gas", "gas is there again"] {
        assert!(ended.stderr.contains(said), "`{said}` is not in {ended:#?}");
    }
}

#[tokio::test]
async fn one_look_at_a_loop_that_cannot_be_trimmed_for_gas_ends_with_four_and_says_what_is_missing() {
    let trader = looped().await;
    price(&trader, "2730").await;
    trader.has_ether(U256::from(NEXT_TO_NOTHING)).await;
    let once = program(&trader).run("watch --once").await;
    once.fails(4, &["not done", "not enough ether for gas", "send ether to"]);
    once.shows(&["no-gas: no gas for a trim", "watch.gas_trims is 3"]);
    assert!(!once.stdout.contains("repay "), "no human needs to repay anything: {once:#?}");
    let status = trader.program().run("status").await;
    status.succeeds().shows(&["gas: warning: 0.000000002 ETH pays for 0 trims", "watch.gas_trims asks for 3"]);
    let shown = trader.program().run("status --json").await.json();
    assert_eq!((&shown["gas"]["enough"], &shown["gas"]["trims"]), (&json!(false), &json!("0")), "{shown:#}");
    trader.program().run("doctor").await.shows(&["warn  ether for gas", "pays for 0 trims", "send ether to"]);
}

#[tokio::test]
async fn with_ether_for_one_trim_at_its_narrowest_the_loop_is_still_trimmed() {
    let trader = looped().await;
    price(&trader, "2730").await;
    // Half of what the trim would offer with this tip: 1 080 000 gas at 4 gwei and twice the base fee.
    trader.has_ether(ether(1) / U256::from(400u64)).await;
    let once = program(&trader).env("TRIMTAB_FEES_TRIM_MAX_TIP_GWEI", "4").env("TRIMTAB_FEES_TRIM_MIN_TIP_GWEI", "4");
    let once = once.run("watch --once").await;
    assert_eq!(once.code, Some(8), "{once:#?}");
    assert!(is_at_target(health(&trader).await), "{}", health(&trader).await);
}

#[tokio::test]
async fn with_ether_for_no_tip_worth_mentioning_the_loop_is_still_trimmed() {
    let trader = looped().await;
    price(&trader, "2730").await;
    // 0.01 gwei: a trim's gas alone is 0.00001 ETH, with the tip that others pay 0.001.
    let low = format!("{:#x}", 10_000_000u64);
    let _: Value = trader.replica.request("anvil_setNextBlockBaseFeePerGas", json!([low])).await.expect("set");
    block(&trader).await;
    trader.has_ether(ether(1) / U256::from(20_000u64)).await;
    let once = program(&trader).run("watch --once").await;
    assert_eq!(once.code, Some(8), "{once:#?}");
    once.shows(&["no-gas: no gas for a trim"]);
    assert!(is_at_target(health(&trader).await), "{}", health(&trader).await);
}

/// The figure of this account.
async fn figure(address: &str, name: &str, trader: &Trader) -> Option<f64> {
    let line = format!("{name}{{account=\"{}\"}} ", trader.account);
    get(address, "/metrics").await.lines().find_map(|found| found.strip_prefix(&line)?.parse().ok())
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address").to_string()
}

#[tokio::test]
async fn a_base_fee_above_every_ceiling_makes_the_daemon_not_ready_until_it_is_over() {
    let trader = looped().await;
    let free = free_port();
    let daemon = Daemon::start(trader.program().env("TRIMTAB_METRICS_LISTEN", &free), "watch").await;
    block(&trader).await;
    until("ready", || async { get(&free, "/readyz").await.starts_with("HTTP/1.1 200") }).await;
    let spike = format!("{:#x}", 200_000_000_000u64);
    let _: Value = trader.replica.request("anvil_setNextBlockBaseFeePerGas", json!([spike])).await.expect("set");
    block(&trader).await;
    until("told by /readyz", || async {
        let answer = get(&free, "/readyz").await;
        answer.starts_with("HTTP/1.1 503") && answer.contains("above the 100 gwei of fees.urgent.max_fee_gwei")
    })
    .await;
    let status = trader.program().run("status").await;
    status.succeeds().shows(&["gas: warning: ", "225 gwei, above the 100 gwei of fees.urgent.max_fee_gwei"]);
    trader.program().run("doctor").await.shows(&["warn  ether for gas: ", "fees.urgent.max_fee_gwei"]);
    let calm = format!("{:#x}", 1_000_000u64);
    let _: Value = trader.replica.request("anvil_setNextBlockBaseFeePerGas", json!([calm])).await.expect("set");
    block(&trader).await;
    until("ready again", || async { get(&free, "/readyz").await.starts_with("HTTP/1.1 200") }).await;
    let ended = daemon.stop().await;
    ended.succeeds();
    let told = ended.stderr.lines().filter(|line| line.contains("ERROR") && line.contains("fee-ceiling")).count();
    assert_eq!(told, 1, "{ended:#?}");
    assert!(ended.stderr.contains("gwei or less again: trims are sent"), "{ended:#?}");
}

#[tokio::test]
async fn a_trim_counts_for_more_when_others_begin_to_pay_more_for_their_place() {
    let trader = looped().await;
    let free = free_port();
    let daemon = Daemon::start(trader.program().env("TRIMTAB_METRICS_LISTEN", &free), "watch").await;
    block(&trader).await;
    until("counted", || async { figure(&free, "trimtab_gas_trims", &trader).await.is_some() }).await;
    let before = figure(&free, "trimtab_gas_trims", &trader).await.expect("counted");
    let (from, tip) = (crate::common::account(5).to_string(), format!("{:#x}", 4_500_000_000u64));
    until("counted anew", || async {
        let pays = json!([{ "from": from, "to": from, "maxFeePerGas": "0x2540be400", "maxPriorityFeePerGas": tip }]);
        let _: Value = trader.replica.request("eth_sendTransaction", pays).await.expect("sent");
        block(&trader).await;
        figure(&free, "trimtab_gas_trims", &trader).await.is_some_and(|now| now < before / 3.0)
    })
    .await;
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn an_account_without_a_key_needs_no_gas() {
    let trader = looped().await;
    trader.has_ether(U256::ZERO).await;
    let elsewhere = tempfile::tempdir().expect("directory");
    let stranger = || {
        let program = Program::new(elsewhere.path()).args(["--rpc-url", trader.replica.url()]);
        program.env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0")
    };
    let once = stranger().run(&format!("watch --once --account {}", trader.account)).await;
    once.succeeds().shows(&["only looked at", "nothing to do"]);
    assert!(!once.stdout.contains("gas") && !once.stderr.contains("gas"), "{once:#?}");
    let status = stranger().run(&format!("status --from {}", trader.account)).await;
    status.succeeds().shows(&["gas: 0 ETH pays for 0 trims"]);
    // Its own journal says that it acts, key at hand or not.
    trader.has_ether(U256::from(NEXT_TO_NOTHING)).await;
    let own = Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url()]);
    own.run(&format!("status --from {}", trader.account)).await.succeeds().shows(&["gas: warning: "]);
}
