//! The owner uses the key in another program, and a boost that waits gives way to a trim.

use std::time::Duration;

use alloy::primitives::U256;
use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::{
    config::WatchConfig,
    localchain::{FeedAge, PriceChange, PriceScope},
    send::ResubmitPolicy,
    units::Secs,
    watchdog::rules::Rule,
};

use crate::{
    common::account,
    post::{Post, health, impatient, is_at_target, looped, mine, price, sent_to_composer, until},
    trader::Trader,
};

async fn owner_sends(trader: &Trader) {
    let call = json!([{ "from": trader.account, "to": account(8), "value": "0x1" }]);
    let hash = trader.replica.request("eth_sendTransaction", call).await.expect("sent");
    trader.replica.receipt(hash).await;
}

#[tokio::test]
async fn the_owner_uses_the_key_elsewhere_and_the_watch_goes_on() {
    let (trader, _) = looped().await;
    let mut post = Post::take(trader.replica.url(), trader.journals.path(), impatient()).await;
    post.look().await;
    owner_sends(&trader).await;
    owner_sends(&trader).await;
    // The nonce is looked at every half a minute, and before each action.
    trader.replica.controls.warp(Secs(31), FeedAge::Refreshed).await.expect("half a minute");
    let told = post.look().await.firings.iter().any(|firing| firing.rule == Rule::NonceMoved);
    assert!(told, "{:?}", post.said());
    price(&trader.replica, "2730").await;
    let mut looks = 0;
    while !is_at_target(health(&trader).await) {
        looks += 1;
        let turn = post.look().await;
        assert!(looks < 4, "{turn:?}");
    }
    // Again, this time right before a trim.
    owner_sends(&trader).await;
    price(&trader.replica, "2480").await;
    let turn = post.look().await;
    assert!(turn.acted.as_ref().is_some_and(|acted| acted.mined_in.is_some()), "{turn:?}");
    assert!(is_at_target(health(&trader).await));
}

#[tokio::test]
async fn the_owner_takes_the_nonce_while_the_trim_waits_and_the_next_head_trims() {
    let (trader, _) = looped().await;
    let opened = trader.replica.controls.head().await.expect("head").number;
    let mut post = Post::take(trader.replica.url(), trader.journals.path(), impatient()).await;
    post.look().await;
    price(&trader.replica, "2730").await;
    let _: Value = trader.replica.request("evm_setAutomine", [false]).await.expect("anvil");
    let nonce = trader.replica.nonce(trader.account).await;
    let replica = &trader.replica;
    let race = async {
        until("the trim in the pool", async || {
            let next: U256 =
                replica.request("eth_getTransactionCount", (trader.account, "pending")).await.expect("count");
            (next > nonce).then_some(())
        })
        .await;
        // The owner pays far more for the same nonce.
        let call = json!([{
            "from": trader.account, "to": account(8), "value": "0x1", "nonce": nonce,
            "maxFeePerGas": "0x174876e800", "maxPriorityFeePerGas": "0x174876e800",
        }]);
        let _: Value = replica.request("eth_sendTransaction", call).await.expect("sent");
        mine(replica, 1).await;
        let _: Value = replica.request("evm_setAutomine", [true]).await.expect("anvil");
    };
    let (turn, ()) = tokio::join!(post.try_look(), race);
    eprintln!("{:?}", turn.map(|turn| turn.acted.map(|acted| acted.words)));
    let mut looks = 0;
    while !is_at_target(health(&trader).await) {
        mine(&trader.replica, 1).await;
        looks += 1;
        let turn = post.try_look().await;
        assert!(looks < 6, "{turn:?}");
    }
    let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
    assert_eq!(sent.iter().filter(|(_, through)| *through).count(), 1, "{sent:?}");
}

#[tokio::test]
async fn a_boost_that_waits_gives_way_to_a_trim_on_the_same_nonce() {
    let (trader, _) = looped().await;
    let opened = trader.replica.controls.head().await.expect("head").number;
    let mut watch = WatchConfig::default();
    watch.boost.enabled = true;
    watch.boost.pause = std::time::Duration::ZERO;
    // The boost's sender gives up soon: what it sent stays in the pool.
    let patience = ResubmitPolicy { time: Duration::from_millis(300), ..impatient() };
    let clock = std::sync::Arc::new(trimtab::chain::SystemClock::new());
    let mut post = Post::take_with(trader.replica.url(), trader.journals.path(), patience, clock, watch).await;
    price(&trader.replica, "4200").await;
    assert!(health(&trader).await > dec!(1.5), "{}", health(&trader).await);
    let nonce = trader.replica.nonce(trader.account).await;
    let _: Value = trader.replica.request("evm_setAutomine", [false]).await.expect("anvil");
    let boosted = post.look().await.acted.expect("a boost");
    assert_eq!(boosted.mined_in, None, "{boosted:?}");
    let pending: U256 =
        trader.replica.request("eth_getTransactionCount", (trader.account, "pending")).await.expect("count");
    assert_eq!(pending, nonce + U256::ONE, "the boost waits: {boosted:?}");

    // The oracle falls in a block that has no room for the boost.
    let _: Value = trader.replica.request("evm_setBlockGasLimit", ["0x7d000"]).await.expect("anvil");
    let change = PriceChange::parse("ETH", "2730").expect("price");
    trader.replica.controls.price(&change, PriceScope::FeedOnly).await.expect("moved");
    let _: Value = trader.replica.request("evm_setBlockGasLimit", ["0x1c9c380"]).await.expect("anvil");
    let still: U256 =
        trader.replica.request("eth_getTransactionCount", (trader.account, "pending")).await.expect("count");
    assert_eq!(
        (still, trader.replica.nonce(trader.account).await),
        (nonce + U256::ONE, nonce),
        "the boost still waits"
    );
    let boost = waiting_hash(&trader).await;
    let look = post.try_look();
    let replica = &trader.replica;
    let mining = async {
        until("the trim in place of the boost", async || (waiting_hash(&trader).await != boost).then_some(())).await;
        mine(replica, 1).await;
    };
    let (turn, ()) = tokio::join!(look, mining);
    let acted = turn.expect("a turn").acted.expect("an action");
    eprintln!("{}", acted.words);
    let _: Value = trader.replica.request("evm_setAutomine", [true]).await.expect("anvil");
    for _ in 0..4 {
        mine(&trader.replica, 1).await;
        let _ = post.try_look().await;
    }
    assert!(is_at_target(health(&trader).await), "{}", health(&trader).await);
    let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
    assert_eq!(sent.len(), 1, "the trim took the boost's nonce: {sent:?}");
    assert_eq!(trader.replica.nonce(trader.account).await, nonce + U256::ONE);
}

/// The account's transaction in the pool.
async fn waiting_hash(trader: &Trader) -> String {
    let pool: Value = trader.replica.request("txpool_content", json!([])).await.expect("pool");
    let own = trader.account.to_string().to_lowercase();
    let accounts = pool["pending"].as_object().expect("accounts");
    let held = accounts.iter().find(|(who, _)| who.to_lowercase() == own).map(|(_, held)| held);
    held.and_then(|held| held.as_object()?.values().next()?["hash"].as_str().map(str::to_owned)).unwrap_or_default()
}
