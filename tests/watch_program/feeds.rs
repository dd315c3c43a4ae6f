//! The feed behind Aave's oracle, which answers first.

use alloy::{
    primitives::{Address, Bytes, I256, address},
    sol,
};
use rust_decimal::dec;
use trimtab::aave::abi::IAaveOracle;
use trimtab::{
    localchain::{PriceChange, PriceScope},
    units::Secs,
};

use crate::{
    common::account,
    kit::{health, looped, program},
    trader::{Trader, WETH},
};

sol!("abi/replica/IReplicaFeed.sol");

const ORACLE: Address = address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156");
/// Where the feed is that Aave's oracle does not ask yet.
const AHEAD: Address = address!("00000000000000000000000000000000000Feed1");

/// Another feed of the same code, at this many dollars.
async fn feed_ahead(trader: &Trader, dollars: u64) {
    let source = trader.replica.ask(ORACLE, &IAaveOracle::getSourceOfAssetCall { asset: WETH }).await;
    let code: Bytes = trader.replica.request("eth_getCode", (source, "latest")).await.expect("code");
    let _: serde_json::Value = trader.replica.request("anvil_setCode", (AHEAD, code)).await.expect("set");
    let answer = I256::try_from(dollars * 100_000_000).expect("fits");
    trader.replica.send(account(9), AHEAD, &IReplicaFeed::setCall { answer }).await;
}

#[tokio::test]
async fn a_feed_that_fell_while_the_oracle_stands_is_acted_upon_and_without_it_nothing_is_sent() {
    let trader = looped().await;
    let change = PriceChange::parse("ETH", "2600").expect("price");
    trader.replica.controls.price(&change, PriceScope::PoolsOnly).await.expect("moved");
    feed_ahead(&trader, 2_600).await;
    let before = health(&trader).await;
    assert!(before > dec!(1.24), "Aave's oracle has not moved: {before}");

    let blind = program(&trader).run("watch --once").await;
    blind.succeeds().shows(&["armed"]);
    assert_eq!(health(&trader).await, before);

    let file = trader.journals.path().join("trimtab.toml");
    std::fs::write(&file, format!("[[watch.feeds]]\ntoken = \"WETH\"\nfeed = \"{AHEAD}\"\n")).expect("written");
    let seeing = program(&trader).run("watch --once").await;
    assert_eq!(seeing.code, Some(8), "{seeing:#?}");
    // What Aave will say next: safe at the feed's price already.
    let everywhere = PriceChange::parse("ETH", "2600").expect("price");
    trader.replica.controls.price(&everywhere, PriceScope::FeedOnly).await.expect("moved");
    assert!(health(&trader).await > dec!(1.24), "{} {seeing:#?}", health(&trader).await);

    std::fs::write(&file, "[[watch.feeds]]\ntoken = \"WETH\"\nfeed = \"0x01\"\n").expect("written");
    program(&trader).run("watch --once").await.fails(3, &["feed"]);
    let twice = format!("[[watch.feeds]]\ntoken = \"WETH\"\nfeed = \"{AHEAD}\"\n");
    std::fs::write(&file, format!("{twice}{}", twice.replace("WETH", "weth"))).expect("written");
    program(&trader).run("watch --once").await.fails(3, &["watch.feeds", "weth has two feeds"]);
    std::fs::write(&file, format!("[[watch.feeds]]\ntoken = \"PEPE\"\nfeed = \"{AHEAD}\"\n")).expect("written");
    program(&trader).run("watch --once").await.fails(3, &["watch.feeds", "PEPE", "WETH"]);
}

#[tokio::test]
async fn a_feed_in_the_wrong_unit_is_told_at_the_start_and_the_trim_goes_out() {
    let trader = looped().await;
    feed_ahead(&trader, 1).await;
    let file = trader.journals.path().join("trimtab.toml");
    std::fs::write(&file, format!("[[watch.feeds]]\ntoken = \"WETH\"\nfeed = \"{AHEAD}\"\n")).expect("written");
    let quiet = program(&trader).run("watch --once").await;
    quiet.fails(0, &["feed-dropped", "1 USD, Aave 3,000 USD", "watch.feeds"]);
    let change = PriceChange::parse("ETH", "2700").expect("price");
    trader.replica.controls.price(&change, PriceScope::Everything).await.expect("moved");
    let trimmed = program(&trader).run("watch --once").await;
    assert_eq!(trimmed.code, Some(8), "{trimmed:#?}");
    assert!(health(&trader).await > dec!(1.24), "{}", health(&trader).await);
}

#[tokio::test]
async fn the_standard_feed_is_acted_upon_without_any_setting_and_told_by_doctor_and_settings() {
    let trader = looped().await;
    let change = PriceChange::parse("ETH", "2600").expect("price");
    let moved = trader.replica.controls.price_before_oracle(&change, PriceScope::Everything, Secs(36_000)).await;
    moved.expect("moved");
    let file = trader.journals.path().join("trimtab.toml");
    std::fs::write(&file, "[watch]\ndefault_feeds = false\n").expect("written");
    program(&trader).run("watch --once").await.succeeds().shows(&["armed"]);
    program(&trader)
        .run("config show")
        .await
        .succeeds()
        .shows(&["no price feed is asked", "watch.default_feeds = false"]);
    program(&trader).run("doctor").await.succeeds().shows(&["warn  price feeds: none", "watch.default_feeds = true"]);
    std::fs::remove_file(&file).expect("removed");
    program(&trader)
        .run("config show")
        .await
        .succeeds()
        .shows(&["cbETH", "0x71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70"]);
    let shown = program(&trader).run("doctor").await;
    shown.succeeds().shows(&[
        "price feed ETH / USD",
        "WETH: 2,600 USD, Aave 3,000 USD",
        "cbETH by its ratio: 2,925 USD",
    ]);
    let acted = program(&trader).run("watch --once").await;
    assert_eq!(acted.code, Some(8), "{acted:#?}");
    let struck = trader.replica.controls.liquidate(trader.account).await.expect("an update");
    assert!(struck.taken.is_empty() && health(&trader).await > dec!(1.24), "{struck:?} {}", health(&trader).await);
}
