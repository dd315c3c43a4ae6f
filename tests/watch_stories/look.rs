//! Looking without acting.

use rust_decimal::dec;
use trimtab::{
    localchain::PriceScope,
    loops::{Funds, Request, Target},
    watchdog::runner::SignerAccess,
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
    let mut guard = Guard::handed(trader, pair, rulebook(), false, SignerAccess::None(None));
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    let block = guard.block().await;
    let turn = guard.look().await;
    assert!(turn.acted.expect("a decision").words.contains("no key"));
    assert_eq!(guard.block().await, block);
    assert!(guard.said().contains(&"trigger".to_owned()));
}

#[tokio::test]
async fn an_account_that_is_only_looked_at_is_told_of_in_one_message_that_claims_no_trimming() {
    let (trader, pair) = trader_with_loop().await;
    let mut guard = Guard::handed(trader, pair, rulebook(), false, SignerAccess::None(None));
    guard.look().await;
    guard.words();
    // Through warn and trigger at one head.
    guard.price("2730", PriceScope::Everything).await;
    guard.look().await;
    let said = guard.words();
    let about: Vec<&String> = said.iter().filter(|text| text.contains("is below")).collect();
    assert_eq!(about.len(), 1, "{said:#?}");
    assert!(about[0].contains("trigger") && about[0].contains("only looked at: nothing is sent"), "{said:#?}");
    assert!(said.iter().all(|text| !text.contains("trimming") && !text.contains("no key")), "{said:#?}");
}

#[tokio::test]
async fn a_trim_is_told_with_the_amount_its_cost_and_the_new_health_factor() {
    let (trader, pair) = trader_with_loop().await;
    let mut guard = Guard::with(trader, pair, rulebook(), false);
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    guard.words();
    guard.look().await;
    let said = guard.words();
    let trim = said.iter().find(|text| text.contains("mined in block")).unwrap_or_else(|| panic!("{said:#?}"));
    for word in ["WETH/USDC", "repaid ", "USDC, health factor now 1.2", "cost: ", "gas 0.0"] {
        assert!(trim.contains(word), "`{word}` is not in {trim}");
    }
}
