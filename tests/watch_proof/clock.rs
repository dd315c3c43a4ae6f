//! Wall clocks that are wrong, and a machine that was asleep.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use trimtab::{
    chain::{Clock, Reader, SystemClock},
    config::WatchConfig,
    watchdog::rules::Rule,
};

use crate::post::{Post, health, impatient, is_at_target, looped, price, sent_to_composer};

/// The system's clock, wrong by so much, and ahead after sleeping.
#[derive(Debug)]
struct Scripted {
    system: SystemClock,
    wall_off: i64,
    slept: AtomicU64,
}

impl Scripted {
    fn off_by(seconds: i64) -> Arc<Self> {
        Arc::new(Self { system: SystemClock::new(), wall_off: seconds * 1_000, slept: AtomicU64::new(0) })
    }
}

impl Clock for Scripted {
    fn wall_millis(&self) -> u64 {
        self.system.wall_millis().saturating_add_signed(self.wall_off) + self.slept.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic() + Duration::from_millis(self.slept.load(Ordering::SeqCst))
    }
}

#[tokio::test]
async fn a_wall_clock_half_a_minute_wrong_changes_nothing() {
    for seconds in [-30, 30] {
        let (trader, _) = looped().await;
        let clock = Scripted::off_by(seconds);
        let watch = WatchConfig::default();
        let mut post = Post::take_with(trader.replica.url(), trader.journals.path(), impatient(), clock, watch).await;
        post.look().await;
        price(&trader.replica, "2730").await;
        let block = trader.replica.controls.head().await.expect("head").number;
        let acted = post.look().await.acted.expect("an action");
        assert_eq!(acted.mined_in, Some(block + 1), "{seconds} s: {acted:?}");
        assert!(is_at_target(health(&trader).await), "{seconds} s");
    }
}

#[tokio::test]
async fn after_a_sleep_the_old_head_is_not_acted_upon_and_the_next_one_is() {
    let (trader, _) = looped().await;
    let opened = trader.replica.controls.head().await.expect("head").number;
    let clock = Scripted::off_by(0);
    let watch = WatchConfig::default();
    let mut post =
        Post::take_with(trader.replica.url(), trader.journals.path(), impatient(), clock.clone(), watch).await;
    post.look().await;
    price(&trader.replica, "2730").await;
    let head = Reader::head(&post.endpoints).await.expect("head");
    let seen = post.watch.read(head, clock.monotonic()).await.expect("read");
    // The lid closes after reading and before acting.
    clock.slept.store(8 * 60 * 60 * 1_000, Ordering::SeqCst);
    let turn = post.seats[0].turn(&seen).await.expect("a turn");
    assert!(turn.firings.iter().any(|firing| firing.rule == Rule::StaleHead), "{:?}", turn.firings);
    assert_eq!(sent_to_composer(&trader.replica, trader.account, opened + 1).await, []);
    let acted = post.look().await.acted.expect("an action");
    assert!(acted.mined_in.is_some(), "{acted:?}");
    assert!(is_at_target(health(&trader).await));
}
