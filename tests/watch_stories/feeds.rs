//! The feeds behind Aave's oracle: what they bring forward, and that none of them holds a trim back.

use alloy::{
    primitives::{Address, B256, Bytes, I256, U256, address},
    sol,
};
use rust_decimal::dec;
use serde_json::Value;
use trimtab::{
    config::{LoopClass, TokenFeed, WatchConfig},
    localchain::{PriceChange, PriceScope},
    loops::{Funds, Request, Target},
    units::Secs,
    watchdog::runner::WatchSettings,
};

use crate::{
    guard::{Guard, is_at_target, rulebook},
    trader::{CBETH, Trader, ether},
};

sol!("abi/replica/IReplicaFeed.sol");

/// The standard feed of ether, whose code any other feed may have.
const STANDARD: Address = address!("71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70");
const NAMED: Address = address!("00000000000000000000000000000000000Feed1");
const SOMEBODY: usize = 9;

/// A loop of one ether at 3x, whose watch asks the feed at `NAMED` for ether before the standard one.
async fn guard() -> Guard {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) }).await;
    let code = trader.replica.code(STANDARD).await;
    put(&trader, code).await;
    let feeds = vec![TokenFeed { token: "WETH".to_owned(), feed: NAMED }];
    let watch = WatchConfig { feeds, ..WatchConfig::default() };
    Guard::with(trader, pair, WatchSettings { watch, ..rulebook() }, false)
}

async fn put(trader: &Trader, code: Bytes) {
    let _: Value = trader.replica.request("anvil_setCode", (NAMED, code)).await.expect("code");
}

/// The named feed answers this, in hundredths of a dollar, as of now.
async fn says(trader: &Trader, cents: u64) {
    let answer = I256::try_from(cents * 1_000_000).expect("fits");
    trader.replica.send(crate::common::account(SOMEBODY), NAMED, &IReplicaFeed::setCall { answer }).await;
}

/// And calls itself this; a short text is one word, with its length at the end.
async fn is_called(trader: &Trader, name: &str) {
    let mut word = [0u8; 32];
    word[..name.len()].copy_from_slice(name.as_bytes());
    word[31] = u8::try_from(2 * name.len()).expect("a short name");
    let slot = U256::from(3u8);
    let _: Value = trader.replica.request("anvil_setStorageAt", (NAMED, slot, B256::from(word))).await.expect("slot");
}

fn count(said: &[String], kind: &str) -> usize {
    said.iter().filter(|found| *found == kind).count()
}

#[tokio::test]
async fn a_feed_in_the_wrong_unit_no_longer_silences_every_trim() {
    let mut guard = guard().await;
    // The exchange rate of cbETH, as if it were dollars.
    says(&guard.trader, 112).await;
    guard.look().await;
    assert!(guard.words().iter().any(|text| text.contains("1.12 USD, Aave 3,000 USD")));
    for dollars in ["2730", "2480", "2250", "2040"] {
        guard.price(dollars, PriceScope::Everything).await;
        let turn = guard.look().await;
        assert!(turn.acted.is_some_and(|acted| acted.mined_in.is_some()), "{dollars}: {}", guard.health().await);
        assert!(is_at_target(guard.health().await), "{dollars}: {}", guard.health().await);
    }
    assert_eq!(count(&guard.said(), "feed-dropped"), 0, "told once");
}

#[tokio::test]
async fn a_feed_that_is_out_is_told_once_comes_back_when_it_agrees_and_the_standard_one_stands_in() {
    let mut guard = guard().await;
    says(&guard.trader, 300_000).await;
    guard.look().await;
    assert_eq!(count(&guard.said(), "feed-dropped"), 0);
    for round in 0..3 {
        is_called(&guard.trader, "CBETH / ETH").await;
        guard.look().await;
        let said = guard.words();
        let told: Vec<_> = said.iter().filter(|text| text.contains("price feed of")).collect();
        assert_eq!(told.len(), 1, "{said:?}");
        for word in ["CBETH / ETH", "3,000 USD, Aave 3,000 USD", "another feed of the token is used", "watch.feeds"] {
            assert!(told[0].contains(word), "{word} in {}", told[0]);
        }
        guard.look().await;
        assert_eq!(count(&guard.said(), "feed-dropped"), 0, "round {round}");
        is_called(&guard.trader, "ETH / USD").await;
        guard.look().await;
        guard.look().await;
        assert_eq!(count(&guard.said(), "feed-back"), 1, "round {round}");
    }
    // Out again while the standard feed falls and Aave's oracle is late: that one is enough.
    is_called(&guard.trader, "ETH / BTC").await;
    late(&guard, "2600").await;
    assert!(guard.look().await.acted.is_some_and(|acted| acted.mined_in.is_some()));
}

/// Everything but Aave's oracle moves.
async fn late(guard: &Guard, dollars: &str) {
    let change = PriceChange::parse("ETH", dollars).expect("price");
    let controls = &guard.trader.replica.controls;
    controls.price_before_oracle(&change, PriceScope::Everything, Secs(36_000)).await.expect("moved");
}

#[tokio::test]
async fn a_feed_that_lies_low_by_a_fifth_trims_early_at_most_and_never_blocks() {
    let mut guard = guard().await;
    guard.look().await;
    says(&guard.trader, 240_000).await;
    let early = guard.look().await;
    assert!(early.acted.is_some_and(|acted| acted.mined_in.is_some()));
    // 1.25 at the feed's price is 1.5625 at Aave's.
    assert!(guard.health().await > dec!(1.55), "{}", guard.health().await);
    assert_eq!(guard.look().await.acted, None, "once");
    // It stays a fifth too low, all the way down.
    for dollars in [2_600u64, 2_100, 1_800] {
        guard.price(&dollars.to_string(), PriceScope::Everything).await;
        says(&guard.trader, dollars * 80).await;
        guard.look().await;
        let health = guard.health().await;
        assert!(health > dec!(1.5), "{dollars}: {health}");
    }
    // It stands still while everything else falls on.
    for dollars in ["1500", "1300", "1200"] {
        guard.price(dollars, PriceScope::Everything).await;
        guard.look().await;
        assert!(guard.health().await > dec!(1.15), "{dollars}: {}", guard.health().await);
    }
}

#[tokio::test]
async fn a_feed_at_which_the_account_would_be_beyond_help_does_not_hold_back_aaves_crossing() {
    let mut guard = guard().await;
    guard.look().await;
    // Plausible by its factor, and the end of the loop if it were true: 1.245 × 0.6 is below 0.83.
    says(&guard.trader, 180_000).await;
    let told = guard.look().await;
    assert!(told.acted.is_none_or(|acted| acted.mined_in.is_none()));
    guard.price("2740", PriceScope::Everything).await;
    says(&guard.trader, 165_000).await;
    assert!(guard.health().await < dec!(1.15));
    let turn = guard.look().await;
    assert!(turn.acted.is_some_and(|acted| acted.mined_in.is_some()), "{:?}", turn.firings);
    assert!(guard.health().await > dec!(1.24), "{}", guard.health().await);
}

#[tokio::test]
async fn feeds_that_are_no_contract_revert_burn_all_gas_or_never_end_keep_nothing_from_being_trimmed() {
    let codes = [
        ("no contract", ""),
        ("reverts", "60006000fd"),
        ("burns all gas", "fe"),
        ("answers a megabyte", "620f42406000f3"),
        ("never ends", "5b600056"),
    ];
    let mut guard = guard().await;
    guard.look().await;
    let mut dollars = 3_000u64;
    for (what, code) in codes {
        let code: Bytes = code.parse().expect("code");
        put(&guard.trader, code).await;
        dollars = dollars * 91 / 100;
        guard.price(&dollars.to_string(), PriceScope::Everything).await;
        let turn = guard.look().await;
        assert!(turn.acted.is_some_and(|acted| acted.mined_in.is_some()), "{what}: {}", guard.health().await);
        assert!(is_at_target(guard.health().await), "{what}: {}", guard.health().await);
    }
}

#[tokio::test]
async fn a_feed_that_is_old_unfinished_of_the_future_or_above_aave_changes_nothing() {
    let mut guard = guard().await;
    guard.look().await;
    let head = guard.trader.replica.controls.head().await.expect("head").timestamp.0;
    let answer = |dollars: u64| I256::try_from(dollars * 100_000_000).expect("fits");
    for (what, dollars, at) in [
        ("old", 2_400, head - 90_000),
        ("unfinished", 2_400, 0),
        ("future", 2_400, head + 90_000),
        ("above", 5_000, head + 5),
    ] {
        let call = IReplicaFeed::setAtCall { answer: answer(dollars), updatedAt: U256::from(at) };
        guard.trader.replica.send(crate::common::account(SOMEBODY), NAMED, &call).await;
        let turn = guard.look().await;
        assert_eq!(turn.acted, None, "{what}");
        assert_eq!(count(&guard.said(), "feed-dropped"), usize::from(what == "old"), "{what}");
    }
    guard.price("2750", PriceScope::Everything).await;
    assert!(guard.look().await.acted.is_some_and(|acted| acted.mined_in.is_some()));
}

#[tokio::test]
async fn the_standard_feed_saves_a_loop_from_a_liquidator_that_brings_the_price_along_without_any_setting() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    late(&guard, "2400").await;
    let before = guard.health().await;
    assert!(before > dec!(1.24), "Aave's oracle has not moved: {before}");
    let turn = guard.look().await;
    assert!(turn.acted.is_some_and(|acted| acted.mined_in.is_some()), "{:?}", turn.firings);
    let struck = guard.trader.replica.controls.liquidate(guard.trader.account).await.expect("an update");
    assert!(struck.taken.is_empty() && struck.prices.len() == 1, "{struck:?}");
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
}

#[tokio::test]
async fn without_the_standard_feed_nothing_can_be_done_once_the_liquidator_brings_the_price() {
    let trader = Trader::start().await;
    let pair = trader.pair("WETH", "USDC").await;
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(3)) }).await;
    let watch = WatchConfig { default_feeds: false, ..WatchConfig::default() };
    let mut guard = Guard::with(trader, pair, WatchSettings { watch, ..rulebook() }, false);
    guard.look().await;
    late(&guard, "2400").await;
    assert!(guard.look().await.acted.is_none_or(|acted| acted.mined_in.is_none()));
    let struck = guard.trader.replica.controls.liquidate(guard.trader.account).await.expect("a liquidation");
    assert!(!struck.taken.is_empty(), "{struck:?}");
}

#[tokio::test]
async fn staked_ether_is_trimmed_by_the_standard_feed_of_ether() {
    let trader = Trader::start().await;
    let pair = trader.pair("cbETH", "USDC").await;
    trader.give(CBETH, ether(1)).await;
    let open = Request::Open { funds: Funds::Collateral(ether(1)), target: Target::Leverage(dec!(2.5)) };
    trader.act(&pair, &open).await;
    let mut guard = Guard::with(trader, pair, rulebook(), false);
    guard.look().await;
    let before = guard.health().await;
    late(&guard, "2550").await;
    // But for the interest of a few seconds.
    assert!((guard.health().await - before).abs() < dec!(0.000_001), "{before}");
    let turn = guard.look().await;
    assert!(turn.acted.is_some_and(|acted| acted.mined_in.is_some()), "{before}: {:?}", turn.firings);
    guard.trader.replica.controls.liquidate(guard.trader.account).await.expect("an update");
    assert!(guard.health().await > dec!(1.24), "{}", guard.health().await);
}

#[tokio::test]
async fn a_pair_of_ether_and_staked_ether_is_left_alone_when_ether_falls_before_aaves_oracle() {
    let trader = Trader::start().await;
    let pair = trader.pair("cbETH", "WETH").await;
    trader.give(CBETH, ether(1)).await;
    let open = Request::Open { funds: Funds::Collateral(ether(1)), target: Target::Leverage(dec!(6)) };
    trader.act_with(&pair, &open, &trader.settings(LoopClass::Correlated)).await;
    let mut guard = Guard::with(trader, pair, rulebook(), false);
    guard.look().await;
    guard.said();
    for dollars in ["2700", "2200", "1800"] {
        late(&guard, dollars).await;
        let turn = guard.look().await;
        assert_eq!((turn.acted, guard.said().len()), (None, 0), "{dollars}: {:?}", turn.firings);
    }
    guard.trader.replica.controls.liquidate(guard.trader.account).await.expect("an update");
    assert_eq!(guard.look().await.acted, None);
}
