//! How many questions lie one behind the other on the way from a head to a trim's bytes.

use std::{sync::Arc, time::Duration};

use rust_decimal::dec;
use trimtab::{
    chain::{Clock, Endpoints, SystemClock},
    config::RpcConfig,
    localchain::PriceScope,
    loops::{Funds, Request, Target},
};

use crate::{
    guard::{Guard, rulebook},
    proxy::{Proxy, Verdict},
    trader::{Trader, ether},
};

/// What is asked side by side is asked within this.
const HOLD: Duration = Duration::from_millis(300);

/// A guard whose every question goes through a proxy.
async fn guarded() -> (Guard, Proxy) {
    let mut trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    let open = Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) };
    trader.act(&pair, &open).await;
    let proxy = Proxy::before(trader.replica.url(), |_, _| Verdict::Pass);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let rpc = RpcConfig { urls: vec![proxy.url().parse().expect("url")], ..RpcConfig::default() };
    trader.endpoints = Endpoints::connect(&rpc, clock).expect("endpoints");
    trader.endpoints.verify_all(None).await.expect("verified");
    (Guard::with(trader, pair, rulebook(), false), proxy)
}

/// The last question before the bytes are out, the bytes among them; the head that was asked for is not counted.
fn sent(proxy: &Proxy) -> usize {
    let depths = proxy.depths();
    let sent = depths.iter().find(|(method, _)| method == "eth_sendRawTransaction");
    sent.map(|(_, depth)| depth - 1).unwrap_or_else(|| panic!("nothing was sent: {depths:?}"))
}

#[tokio::test]
async fn between_the_head_that_shows_a_crossing_and_the_trims_bytes_lie_at_most_four_questions() {
    let (mut guard, proxy) = guarded().await;
    guard.look().await;
    // Near the trigger, where every head is read in full.
    guard.price("2790", PriceScope::Everything).await;
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    proxy.count_depths(HOLD);
    assert!(guard.look().await.acted.is_some_and(|acted| acted.mined_in.is_some()));
    assert_eq!(sent(&proxy), 3, "the reading; the simulation; the bytes: {:?}", proxy.depths());
}

#[tokio::test]
async fn out_of_the_calm_it_is_one_more() {
    let (mut guard, proxy) = guarded().await;
    guard.look().await;
    guard.price("3001", PriceScope::Everything).await;
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    proxy.count_depths(HOLD);
    assert!(guard.look().await.acted.is_some_and(|acted| acted.mined_in.is_some()));
    assert!(sent(&proxy) <= 4, "a glance before the reading: {:?}", proxy.depths());
}
