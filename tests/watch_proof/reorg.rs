//! The chain takes back what it had: one to fifteen blocks around a trim.

use serde_json::{Value, json};

use crate::post::{Post, health, impatient, is_at_target, looped, mine, price, sent_to_composer};

/// How many blocks go: a few depths by default, each in the long run.
fn depths() -> impl Iterator<Item = u64> {
    let all = std::env::var_os("TRIMTAB_LONG").is_some();
    (1..=15).filter(move |depth| all || [1, 2, 7, 15].contains(depth))
}

#[tokio::test]
async fn a_trim_that_a_reorg_takes_back_is_there_again_in_the_end_and_only_once() {
    for depth in depths() {
        let (trader, _) = looped().await;
        mine(&trader.replica, 16).await;
        let opened = trader.replica.controls.head().await.expect("head").number;
        let mut post = Post::take(trader.replica.url(), trader.journals.path(), impatient()).await;
        post.look().await;
        price(&trader.replica, "2730").await;
        let acted = post.look().await.acted.expect("an action");
        assert!(acted.mined_in.is_some(), "{acted:?}");
        mine(&trader.replica, depth - 1).await;
        let _: Value = trader.replica.request("anvil_reorg", json!([depth, []])).await.expect("reorg");
        let gone = health(&trader).await;
        assert!(!is_at_target(gone), "depth {depth}: the reorg took the trim back: {gone}");
        for _ in 0..8 {
            let _ = post.try_look().await;
            mine(&trader.replica, 1).await;
        }
        assert!(is_at_target(health(&trader).await), "depth {depth}: {} {:?}", health(&trader).await, post.said());
        let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
        assert_eq!(sent.iter().filter(|(_, through)| *through).count(), 1, "depth {depth}: {sent:?}");
    }
}

#[tokio::test]
async fn a_trim_that_a_reorg_only_moves_to_another_block_is_not_done_again() {
    for (depth, later) in depths().filter(|depth| *depth > 1).map(|depth| (depth, 1 + depth * 7 % (depth - 1))) {
        let (trader, _) = looped().await;
        mine(&trader.replica, 16).await;
        let opened = trader.replica.controls.head().await.expect("head").number;
        let mut post = Post::take(trader.replica.url(), trader.journals.path(), impatient()).await;
        post.look().await;
        price(&trader.replica, "2730").await;
        assert!(post.look().await.acted.expect("an action").mined_in.is_some());
        let (hash, _) = sent_to_composer(&trader.replica, trader.account, opened + 1).await[0];
        let raw: Value = trader.replica.request("eth_getRawTransactionByHash", json!([hash])).await.expect("raw");
        mine(&trader.replica, depth - 1).await;
        let _: Value = trader.replica.request("anvil_reorg", json!([depth, [[raw, later]]])).await.expect("reorg");
        assert!(is_at_target(health(&trader).await), "depth {depth}: still trimmed, {later} blocks later");
        for _ in 0..6 {
            let _ = post.try_look().await;
            mine(&trader.replica, 1).await;
        }
        let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
        assert_eq!(sent, [(hash, true)], "depth {depth}");
    }
}
