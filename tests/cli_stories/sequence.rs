//! How many questions lie one behind the other on the way from a command to the bytes that it sends: each costs the time to
//! the endpoint and back.

use std::time::Duration;

use alloy::primitives::U256;
use trimtab::abi::IERC20::approveCall;
use trimtab::onedelta::COMPOSER;

use crate::{
    common::Replica,
    proxy::{Proxy, Verdict},
    trader::{Program, Trader, WETH},
};

/// What is asked side by side is asked within this.
const HOLD: Duration = Duration::from_millis(300);

/// The questions one behind the other until the bytes are out, the bytes among them.
async fn sent(trader: &Trader, command: &str) -> usize {
    let proxy = Proxy::before(trader.replica.url(), |_, _| Verdict::Pass);
    proxy.count_depths(HOLD);
    let program = Program::new(trader.journals.path()).args(["--rpc-url", &proxy.url()]).wallet(trader.index);
    program.run(&format!("{command} --broadcast")).await.succeeds();
    let depths = proxy.depths();
    let sent = depths.iter().find(|(method, _)| method == "eth_sendRawTransaction");
    let depth = sent.map(|(_, depth)| *depth).unwrap_or_else(|| panic!("nothing was sent: {depths:?}"));
    let before = depths.iter().filter(|(_, at)| *at <= depth);
    println!("{command}: {depth} {:?}", before.collect::<Vec<_>>());
    depth
}

#[tokio::test]
async fn between_a_command_for_a_loop_and_its_bytes_lie_at_most_twelve_questions() {
    let trader = Trader::on(Replica::at_cadence().await).await;
    // The first command has no journal yet whose block it would look for.
    assert!(sent(&trader, "loop open --equity 10 --leverage 3").await <= 11);
    assert!(sent(&trader, "loop adjust --leverage 2").await <= 12);
    assert!(sent(&trader, "loop close").await <= 12);
}

#[tokio::test]
async fn before_an_approval_is_taken_back_lie_at_most_eleven() {
    let trader = Trader::on(Replica::at_cadence().await).await;
    let approve = approveCall { spender: COMPOSER, amount: U256::from(1_000) };
    trader.replica.send(trader.account, WETH, &approve).await;
    assert!(sent(&trader, "approvals revoke --all").await <= 11);
}
