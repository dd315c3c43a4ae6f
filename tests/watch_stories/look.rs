//! Looking without acting.

use rust_decimal::dec;
use trimtab::{
    localchain::PriceScope,
    loops::{Funds, Request, Target},
    watchdog::runner::Hands,
};

use crate::{
    guard::{Guard, rulebook},
    trader::{Trader, ether},
};

async fn trader_with_loop() -> (Trader, trimtab::loops::Pair) {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) }).await;
    (trader, pair)
}

#[tokio::test]
async fn in_shadow_everything_is_decided_and_nothing_is_sent() {
    let (trader, pair) = trader_with_loop().await;
    let mut guard = Guard::with(trader, pair, rulebook(), true);
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    let block = guard.block().await;
    let acted = guard.look().await.acted.expect("a decision");
    assert!(acted.words.contains("shadow: would have sent"), "{}", acted.words);
    assert_eq!((acted.mined_in, guard.block().await), (None, block));
}

#[tokio::test]
async fn an_account_without_a_key_is_watched_and_told_about() {
    let (trader, pair) = trader_with_loop().await;
    let mut guard = Guard::handed(trader, pair, rulebook(), false, Hands::None(None));
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    let block = guard.block().await;
    let turn = guard.look().await;
    assert!(turn.acted.expect("a decision").words.contains("no key"));
    assert_eq!(guard.block().await, block);
    assert!(guard.said().contains(&"trigger".to_owned()));
}
