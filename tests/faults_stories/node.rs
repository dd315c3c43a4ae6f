//! Nodes that are elsewhere, away, busy or lying.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy::primitives::{Address, U256};
use serde_json::{Value, json};

use crate::{
    common::Replica,
    proxy::{Proxy, Verdict},
    trader::{Program, Trader, ether},
};

const OPEN: &str = "loop open --equity 2 --leverage 2 --broadcast";

fn program(trader: &Trader, urls: &[&str]) -> Program {
    let flags = urls.iter().flat_map(|url| ["--rpc-url", url]);
    Program::new(trader.journals.path()).args(flags).args(["--rpc-timeout", "2s"]).wallet(trader.index)
}

#[tokio::test]
async fn a_node_of_another_chain_or_of_no_known_network_is_refused() {
    let trader = Trader::start().await;
    let wrong = Proxy::before(trader.replica.url(), |method, _| match method {
        "eth_chainId" => Verdict::Result(json!("0x1")),
        _ => Verdict::Pass,
    });
    program(&trader, &[&wrong.url()]).run(OPEN).await.fails(3, &["is on chain 1, not on Base (8453)"]);
    let unknown = Proxy::before(trader.replica.url(), |method, _| match method {
        "anvil_nodeInfo" | "anvil_metadata" => Verdict::Error(-32601, "the method does not exist"),
        "web3_clientVersion" => Verdict::Result(json!("op-geth/v1.101")),
        _ => Verdict::Pass,
    });
    program(&trader, &[&unknown.url()]).run(OPEN).await.fails(3, &["unknown network", "genesis"]);
    assert_eq!(wrong.count("eth_sendRawTransaction") + unknown.count("eth_sendRawTransaction"), 0);
}

#[tokio::test]
async fn endpoints_of_two_networks_are_never_mixed() {
    let trader = Trader::start().await;
    let other = Replica::start().await;
    let ran = program(&trader, &[trader.replica.url(), other.url()]).run(OPEN).await;
    ran.fails(3, &["different networks", "give endpoints of one network"]);
    assert_eq!(trader.replica.nonce(trader.account).await + other.nonce(trader.account).await, U256::ZERO);
}

#[tokio::test]
async fn nobody_at_the_port_and_nobody_who_answers_are_exit_6() {
    let trader = Trader::start().await;
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address");
    program(&trader, &[&format!("http://{free}")]).run(OPEN).await.fails(6, &["127.0.0.1"]);
    let silent = Proxy::before(trader.replica.url(), |_, _| Verdict::Silence);
    let slow = Program::new(trader.journals.path())
        .args(["--rpc-url", silent.url().as_str(), "--rpc-timeout", "200ms"])
        .wallet(trader.index);
    slow.run(OPEN).await.fails(6, &["no answer to eth_chainId within 200ms"]);
}

#[tokio::test]
async fn a_busy_node_is_waited_for_and_one_that_is_busy_for_long_is_exit_6() {
    let trader = Trader::start().await;
    let calls = AtomicU64::new(0);
    let busy = Proxy::before(trader.replica.url(), move |_, _| {
        // Every third call is told to come back, sends included.
        if calls.fetch_add(1, Ordering::SeqCst) % 3 == 2 { Verdict::Status(429, 0) } else { Verdict::Pass }
    });
    program(&trader, &[&busy.url()]).run(OPEN).await.succeeds();
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE);
    let never = Proxy::before(trader.replica.url(), |_, _| Verdict::Status(429, 600));
    program(&trader, &[&never.url()]).run("loop close --broadcast").await.fails(6, &["10m"]);
}

#[tokio::test]
async fn a_second_endpoint_takes_over_when_the_first_fails_in_the_middle() {
    let trader = Trader::start().await;
    let calls = AtomicU64::new(0);
    let dying = Proxy::before(trader.replica.url(), move |_, _| {
        if calls.fetch_add(1, Ordering::SeqCst) > 12 { Verdict::Status(503, 0) } else { Verdict::Pass }
    });
    program(&trader, &[&dying.url(), trader.replica.url()]).run(OPEN).await.succeeds();
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE);
}

#[tokio::test]
async fn an_endpoint_that_shows_an_old_head_is_passed_over_for_one_that_is_ahead() {
    let trader = Trader::start().await;
    let old = trader.replica.controls.head().await.expect("head").number;
    for _ in 0..12 {
        let _: Value = trader.replica.request("evm_mine", ()).await.expect("mined");
    }
    let stale = Proxy::before(trader.replica.url(), move |method, params| match method {
        "eth_blockNumber" => Verdict::Result(json!(format!("{old:#x}"))),
        "eth_getBlockByNumber" if params[0] == "latest" => {
            Verdict::Ask("eth_getBlockByNumber", json!([format!("{old:#x}"), params[1]]))
        }
        _ => Verdict::Pass,
    });
    let ran = program(&trader, &[&stale.url(), trader.replica.url()]).run(&format!("{OPEN} --json")).await;
    let settled = ran.succeeds().json();
    assert!(settled["block"].as_u64().expect("block") > old + 12, "{settled:#}");
}

#[tokio::test]
async fn an_answer_lost_after_sending_is_found_again_on_chain_and_nothing_is_sent_twice() {
    let trader = Trader::start().await;
    let forgetful = Proxy::before(trader.replica.url(), |method, _| match method {
        "eth_sendRawTransaction" => Verdict::LoseAnswer,
        _ => Verdict::Pass,
    });
    program(&trader, &[&forgetful.url()]).run(OPEN).await.succeeds().shows(&["nothing left behind"]);
    let raws = forgetful.calls("eth_sendRawTransaction");
    assert!(raws.iter().all(|raw| raw == &raws[0]), "only the identical bytes may be sent again");
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE);
}

#[tokio::test]
async fn a_transaction_that_never_arrived_is_sent_again_as_it_is() {
    let trader = Trader::start().await;
    let sends = AtomicU64::new(0);
    let lossy = Proxy::before(trader.replica.url(), move |method, _| match method {
        "eth_sendRawTransaction" if sends.fetch_add(1, Ordering::SeqCst) == 0 => Verdict::Status(502, 0),
        _ => Verdict::Pass,
    });
    // New blocks, at which the sender looks again.
    let _: Value = trader.replica.request("evm_setIntervalMining", [1]).await.expect("anvil");
    program(&trader, &[&lossy.url()]).run(OPEN).await.succeeds();
    assert!(lossy.count("eth_sendRawTransaction") >= 2);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE);
}

#[tokio::test]
async fn a_connection_lost_right_after_sending_leaves_everything_for_reconcile_to_tell() {
    let trader = Trader::start().await;
    let sent = Arc::new(AtomicU64::new(0));
    let seen = sent.clone();
    let lost = Proxy::before(trader.replica.url(), move |method, _| match method {
        "eth_sendRawTransaction" => {
            seen.store(1, Ordering::SeqCst);
            Verdict::LoseAnswer
        }
        _ if seen.load(Ordering::SeqCst) == 1 => Verdict::Silence,
        _ => Verdict::Pass,
    });
    let run = program(&trader, &[&lost.url()]);
    let url = lost.url();
    assert!(url.starts_with("http"));
    tokio::select! {
        ran = run.run(OPEN) => panic!("it has nothing to end with: {ran:#?}"),
        () = async {
            // Dropping the run kills the program.
            while lost.count("eth_getTransactionReceipt") == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        } => {}
    }
    trader.program().run("loop adjust --leverage 1.5 --broadcast").await.fails(4, &["--include-existing"]);
    let blocked = trader.program().run("loop adjust --leverage 1.5 --include-existing --broadcast").await;
    blocked.fails(7, &["unresolved", "trimtab journal reconcile"]);
    trader.program().run("journal reconcile").await.succeeds().shows(&["went through", "settled"]);
    trader.program().run("loop adjust --leverage 1.5 --broadcast").await.succeeds();
    assert_eq!(trader.replica.nonce(trader.account).await, U256::from(2));
}

#[tokio::test]
async fn contracts_that_are_not_there_are_named_before_anything_is_signed() {
    let composer: Address = trimtab::onedelta::COMPOSER;
    let trader = Trader::start().await;
    let _: Value = trader.replica.request("anvil_setCode", (composer, "0x")).await.expect("anvil");
    let ran = trader.program().run(OPEN).await;
    ran.fails(3, &["no code", &composer.to_string()]);
    assert_eq!(trader.replica.balance(trader.account).await, ether(10_000));
}
