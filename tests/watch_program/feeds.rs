//! The feed behind Aave's oracle, which answers first.

use alloy::{
    primitives::{Address, Bytes, I256, address},
    sol,
};
use rust_decimal::dec;
use trimtab::localchain::{PriceChange, PriceScope};

use crate::{
    common::account,
    kit::{health, looped, program},
    trader::{Trader, WETH},
};

sol! {
    interface Oracle {
        function getSourceOfAsset(address asset) external view returns (address source);
    }
    interface Feed {
        function set(int256 answer) external;
    }
}

const ORACLE: Address = address!("2Cc0Fc26eD4563A5ce5e8bdcfe1A2878676Ae156");
/// Where the feed is that Aave's oracle does not ask yet.
const AHEAD: Address = address!("00000000000000000000000000000000000Feed1");

/// Another feed of the same code, at this many dollars.
async fn feed_ahead(trader: &Trader, dollars: u64) {
    let source = trader.replica.ask(ORACLE, &Oracle::getSourceOfAssetCall { asset: WETH }).await;
    let code: Bytes = trader.replica.request("eth_getCode", (source, "latest")).await.expect("code");
    let _: serde_json::Value = trader.replica.request("anvil_setCode", (AHEAD, code)).await.expect("set");
    let answer = I256::try_from(dollars * 100_000_000).expect("fits");
    trader.replica.send(account(9), AHEAD, &Feed::setCall { answer }).await;
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

    std::fs::write(&file, format!("[[watch.feeds]]\ntoken = \"PEPE\"\nfeed = \"{AHEAD}\"\n")).expect("written");
    program(&trader).run("watch --once").await.fails(3, &["watch.feeds", "PEPE", "WETH"]);
}
