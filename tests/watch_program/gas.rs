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
    trader::{Trader, ether},
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
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address").to_string();
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
