//! A loop whose collateral falls.

use rust_decimal::dec;
use trimtab::{
    chain::{Clock, Reader, SystemClock},
    journal::Severity,
    localchain::PriceScope,
    watchdog::rules::Rule,
};

use crate::guard::{Guard, is_at_target};

#[tokio::test]
async fn a_loop_at_ease_is_left_alone() {
    let mut guard = Guard::over(dec!(3)).await;
    let block = guard.block().await;
    let turn = guard.look().await;
    assert_eq!((turn.acted, guard.block().await), (None, block));
    assert!(turn.firings.iter().all(|firing| firing.severity == Severity::Info), "{:?}", turn.firings);
}

#[tokio::test]
async fn a_fall_of_nine_per_cent_is_trimmed_to_target_in_the_next_block() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    let before = guard.health().await;
    assert!(before > dec!(1.12) && before < dec!(1.14), "{before}");
    let block = guard.block().await;
    let turn = guard.look().await;
    let acted = turn.acted.expect("an action");
    assert_eq!(acted.mined_in, Some(block + 1), "{acted:?}");
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
    guard.trader.assert_nothing_left(&guard.pair).await;
    let said = guard.said();
    assert!(said.contains(&"trigger".to_owned()) && said.contains(&"trim-mined".to_owned()), "{said:?}");

    let kinds: Vec<_> = guard
        .journal()
        .expect("journal")
        .events(None, 50)
        .expect("events")
        .into_iter()
        .map(|event| event.kind)
        .collect();
    for kind in ["trigger", "ladder", "trim"] {
        assert!(kinds.iter().any(|held| held == kind), "{kind} in {kinds:?}");
    }
    let quiet = guard.look().await;
    assert_eq!(quiet.acted, None, "one trim is enough");
}

#[tokio::test]
async fn a_head_older_than_our_own_trim_is_neither_acted_upon_nor_alarmed_about() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    guard.price("2730", PriceScope::Everything).await;
    let crossing = Reader::head(&guard.trader.endpoints).await.expect("head");
    let late = guard.watch.read(crossing, SystemClock::new().monotonic()).await.expect("read");
    assert!(guard.look().await.acted.is_some_and(|acted| acted.mined_in.is_some()));
    guard.said();
    // The same block again, read before the trim: it comes late, as it does when reading takes longer than trimming.
    let turn = guard.seats[0].turn(&late).await.expect("a turn");
    assert_eq!((turn.acted, turn.firings.len(), guard.said().len()), (None, 0, 0));
    let next = guard.look().await;
    assert!(next.acted.is_none() && next.firings.iter().all(|firing| firing.rule != Rule::Changed), "{next:?}");
    // What comes after is acted upon as ever.
    guard.price("2480", PriceScope::Everything).await;
    assert!(guard.look().await.acted.is_some_and(|acted| acted.mined_in.is_some()));
    assert!(is_at_target(guard.health().await));
}

#[tokio::test]
async fn a_bleed_is_trimmed_each_time_the_trigger_is_crossed_and_never_liquidated() {
    let mut guard = Guard::over(dec!(3)).await;
    let mut trims = 0;
    for dollars in (15..60).map(|fifties| 3_000 - fifties * 25) {
        guard.price(&dollars.to_string(), PriceScope::Everything).await;
        let turn = guard.look().await;
        trims += usize::from(turn.acted.is_some_and(|acted| acted.mined_in.is_some()));
        let health = guard.health().await;
        assert!(health >= dec!(1.15), "{health} at {dollars}");
    }
    assert!(trims >= 5, "{trims} trims");
}

#[tokio::test]
async fn a_loop_below_the_last_resort_is_still_saved() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    // 1.245 × 0.815 = 1.0147: below 1.02.
    guard.price("2445", PriceScope::Everything).await;
    let health = guard.health().await;
    assert!(health > dec!(1.01) && health < dec!(1.02), "{health}");
    let turn = guard.look().await;
    assert!(turn.firings.iter().any(|firing| firing.rule == Rule::LastResort), "{:?}", turn.firings);
    assert!(turn.acted.as_ref().is_some_and(|acted| acted.mined_in.is_some()), "{:?}", turn.acted);
    assert!(is_at_target(guard.health().await), "{}", guard.health().await);
}

#[tokio::test]
async fn a_pool_that_falls_before_the_oracle_arms_the_trim_and_the_oracle_releases_it() {
    let mut guard = Guard::over(dec!(3)).await;
    guard.look().await;
    guard.price("2730", PriceScope::PoolsOnly).await;
    let block = guard.block().await;
    let armed = guard.look().await;
    assert!(armed.firings.iter().any(|firing| firing.rule == Rule::Forward), "{:?}", armed.firings);
    assert!(armed.acted.is_some_and(|acted| acted.mined_in.is_none()));
    assert_eq!(guard.block().await, block, "nothing was sent");
    guard.price("2730", PriceScope::FeedOnly).await;
    let turn = guard.look().await;
    assert!(turn.acted.is_some_and(|acted| acted.mined_in.is_some()));
    assert!(is_at_target(guard.health().await));
}
