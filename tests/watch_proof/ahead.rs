//! Blocks that are announced and not sealed yet.

use std::time::Duration;

use alloy::primitives::{Address, U256};
use rust_decimal::{Decimal, dec};
use trimtab::{
    chain::{At, Batch, BlockRef, Clock, HeadOptions, Heads, ReadError, Reader, SystemClock, multicall3},
    config::PreConfirmed,
    localchain::{BlockOrder, Course, CourseStep},
    units::{Secs, UsdE8, from_decimal},
    watchdog::runner::Turn,
};

use crate::{
    announced::Announced,
    common::Replica,
    post::{Post, health, impatient, looped, price, unresolved, until},
    trader::Trader,
};

/// A loop at 3x, a watch before it, and the endpoint between them.
struct Scene {
    trader: Trader,
    post: Post,
    heads: Heads,
    announced: Announced,
}

impl Scene {
    async fn set() -> Self {
        let (trader, _) = looped().await;
        let announced = Announced::before(trader.replica.url());
        let mut post = Post::take(&announced.proxy.url(), trader.journals.path(), impatient()).await;
        let options = HeadOptions {
            poll: Duration::from_millis(20),
            stale_after: Duration::from_secs(20),
            pre_confirmed: PreConfirmed::On,
        };
        let heads = post.endpoints.heads(options);
        post.look().await;
        Self { trader, post, heads, announced }
    }

    async fn announce(&self, dollars: &str) -> Replica {
        self.announced.announce(&self.trader.replica, dollars).await
    }

    /// The next announcement.
    async fn part(&mut self) -> BlockRef {
        loop {
            let head = self.heads.next().await.expect("a head");
            if head.pre_confirmed {
                return head;
            }
        }
    }

    async fn turn(&mut self, part: BlockRef) -> Option<Turn> {
        let seen = self.post.watch.read_ahead(part, SystemClock::new().monotonic()).await.expect("read");
        let seen = seen.expect("the loop is near");
        assert_eq!(seen.observation.calls, 3, "market, account and pair the first time");
        Box::pin(self.post.seats[0].turn_ahead(&seen)).await.expect("a turn")
    }
}

/// One block in which everything is at this price: what waits in the pool first, then prices, then the liquidator.
async fn seal(course: &Course, dollars: Decimal, prey: Address) -> usize {
    let price = UsdE8(from_decimal(dollars, 8).expect("a price"));
    let at = course.controls().head().await.expect("head").timestamp.plus(Secs(2));
    let block =
        course.block(&CourseStep { oracle: price, feed: price, pool: price, at }, &[prey], BlockOrder::WaitingFirst).await.expect("a block");
    block.liquidated.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fall_that_is_only_announced_is_trimmed_in_the_very_block_that_brings_it() {
    for (dollars, before) in [("2730", dec!(1.133)), ("2400", dec!(0.996))] {
        let mut scene = Scene::set().await;
        let fork = scene.announce(dollars).await;
        let course = Course::begin(&scene.trader.replica.controls).await.expect("a course");
        let account = scene.trader.account;
        let part = scene.part().await;
        let sealed = course.controls().head().await.expect("head");
        assert_eq!(part.number, sealed.number + 1);

        let mut turn = Box::pin(scene.turn(part));
        let sent = until("the trim", async || course.is_waiting(account).await.expect("an answer").then_some(()));
        tokio::select! {
            early = turn.as_mut() => panic!("nothing was sent before the block was sealed: {early:?}"),
            () = sent => {}
        }
        let taken = seal(&course, dollars.parse().expect("dollars"), account).await;
        let acting = turn.as_mut().await;
        drop(turn);
        let turn = acting.expect("a turn that acts");
        let facts = turn.facts.as_ref().expect("facts");
        assert!((facts.health_factor.to_decimal().expect("decimal") - before).abs() < dec!(0.002), "{facts:?}");
        assert!(facts.block.pre_confirmed && turn.firings.iter().any(|firing| firing.inputs["pre_confirmed"] == true));
        assert_eq!(turn.acted.expect("a trim").mined_in, Some(sealed.number + 1));
        assert_eq!(taken, 0, "the liquidator came too late");
        // At least the target: it was sold before the pool fell, so less had to be sold for the same debt.
        let after = health(&scene.trader).await;
        assert!(after > dec!(1.249), "{after}");
        assert_eq!(unresolved(&scene.trader), 0);

        // The same announcement once more: its block is sealed, so nobody asks for it.
        assert!(scene.post.endpoints.pre_confirmed().await.expect("an answer").is_none());
        let quiet = scene.post.look().await;
        assert_eq!(quiet.acted, None, "one trim is enough");
        drop(fork);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_that_changes_nothing_is_not_acted_upon_and_leaves_the_rules_as_they_were() {
    let mut scene = Scene::set().await;
    let nonce = scene.trader.replica.nonce(scene.trader.account).await;
    let fork = scene.announce("2800").await;
    let part = scene.part().await;
    assert!(scene.turn(part).await.is_none(), "below warn, above trigger: for the sealed block to tell");
    assert_eq!(scene.trader.replica.nonce(scene.trader.account).await, nonce);
    assert!(scene.post.said().is_empty());
    drop(fork);
    price(&scene.trader.replica, "2800").await;
    let told = scene.post.look().await;
    assert!(told.firings.iter().any(|firing| firing.rule.name() == "warn"), "{:?}", told.firings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_announcement_that_is_withdrawn_before_the_trim_is_signed_sends_nothing() {
    let mut scene = Scene::set().await;
    let nonce = scene.trader.replica.nonce(scene.trader.account).await;
    let fork = scene.announce("2730").await;
    let part = scene.part().await;
    let seen = scene.post.watch.read_ahead(part, SystemClock::new().monotonic()).await.expect("read").expect("near");
    scene.announced.withdraw();
    drop(fork);
    let turn = scene.post.seats[0].turn_ahead(&seen).await.expect("a turn").expect("a trim is called for");
    let acted = turn.acted.expect("an attempt");
    assert_eq!(acted.mined_in, None);
    assert!(acted.words.contains("not announced any more"), "{}", acted.words);
    assert_eq!(scene.trader.replica.nonce(scene.trader.account).await, nonce);
    assert_eq!(unresolved(&scene.trader), 0);
    let quiet = scene.post.look().await;
    assert_eq!(quiet.acted, None, "the sealed head shows no crossing: {quiet:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_announces_nothing_is_asked_for_nothing() {
    let mut scene = Scene::set().await;
    assert!(scene.post.endpoints.pre_confirmed().await.expect("an answer").is_none());
    let mut batch = Batch::new();
    let account = scene.trader.account;
    batch.add(multicall3::ADDRESS, &multicall3::IMulticall3::getEthBalanceCall { addr: account });
    let next = scene.trader.replica.controls.head().await.expect("head").number + 1;
    let refused = scene.post.endpoints.read(At::PreConfirmed(next), &batch).await;
    assert!(matches!(refused, Err(ReadError::Stale(_))), "{refused:?}");
    let asked = scene.announced.proxy.calls("eth_call").iter().any(|params| params[1] == "pending");
    assert!(!asked, "pending means something else there");
    // An announcement of another block than the one that is asked for.
    let fork = scene.announce("2999").await;
    scene.part().await;
    let refused = scene.post.endpoints.read(At::PreConfirmed(next + 1), &batch).await;
    assert!(matches!(refused, Err(ReadError::Stale(_))), "{refused:?}");
    let slot = batch.add(multicall3::ADDRESS, &multicall3::IMulticall3::getBlockNumberCall {});
    let answers = scene.post.endpoints.read(At::PreConfirmed(next), &batch).await.expect("answers");
    assert_eq!(answers.get(slot).expect("a number"), U256::from(next));
    drop(fork);
}
