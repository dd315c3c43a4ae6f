//! Orders that the venue cancels, or leaves lying.

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use trimtab::{
    config::OnPerpFailure,
    localchain::Behaviour,
    trade::saga::{Executor, Host, Notice, Phase, Policies, Progress, SagaError, Wait},
    units::Secs,
};

use crate::story::{POLICIES, Story};

#[tokio::test]
async fn a_cancelled_perp_takes_the_loop_back() {
    let story = Story::start(Behaviour::refusing()).await;
    let mut sender = story.trader.sender();
    story.accept(&mut sender, &story.signal("s-1", 95, "low"), POLICIES).await.expect("taken");
    let report = story.until_over(&mut sender, "s-1").await;
    assert_eq!(report.outcome.as_deref(), Some("not-traded"));
    assert!(report.failure.as_deref().is_some_and(|why| why.contains("cancelled")), "{report:#?}");
    assert_eq!(story.leverage().await, Decimal::ZERO, "unwound");
    assert_eq!(story.events(&sender, "perp-cancelled").len(), 1);
    assert_eq!(sender.journal().reader().perps().expect("perps"), []);
}

#[tokio::test]
async fn a_cancelled_perp_leaves_the_loop_when_the_user_said_so() {
    let story = Story::start(Behaviour::refusing()).await;
    let mut sender = story.trader.sender();
    let policies = Policies { on_perp_failure: OnPerpFailure::Keep, ..POLICIES };
    story.accept(&mut sender, &story.signal("s-1", 95, "low"), policies).await.expect("taken");
    story.until_over(&mut sender, "s-1").await;
    assert_eq!(story.leverage().await, dec!(3));
}

#[tokio::test]
async fn a_fill_beyond_the_slippage_is_cancelled_by_the_venue_and_unwound() {
    // 3 % above what was planned with.
    let story = Story::start(Behaviour::filling_at(U256::from(309_000_000_000u64))).await;
    let mut sender = story.trader.sender();
    story.accept(&mut sender, &story.signal("s-1", 95, "low"), POLICIES).await.expect("taken");
    let report = story.until_over(&mut sender, "s-1").await;
    assert_eq!(report.outcome.as_deref(), Some("not-traded"), "{report:#?}");
    assert_eq!(story.leverage().await, Decimal::ZERO);
}

#[tokio::test]
async fn a_silent_keeper_leaves_everything_as_it_is_and_the_next_look_after_it_wakes_goes_on() {
    let story = Story::start(Behaviour::stopped()).await;
    let mut sender = story.trader.sender();
    story.accept(&mut sender, &story.signal("s-1", 95, "low"), POLICIES).await.expect("taken");
    let progress = story.advance(&mut sender, "s-1").await;
    assert!(matches!(progress, Progress::Waits { phase: Phase::Placed, wait: Wait::Keeper }), "{progress:?}");
    let mut host = Host::new(POLICIES, None, Secs(0));
    for _ in 0..2 {
        let notices = host.round(&story.desk, &mut Executor::Live(&mut sender)).await.expect("a round");
        let overdue = matches!(notices.as_slice(), [Notice::Overdue { .. }, Notice::Waits { wait: Wait::Keeper, .. }]);
        assert!(overdue, "{notices:?}");
    }
    let told = story.events(&sender, "perp-unresolved");
    assert_eq!(told.len(), 1, "told once: {told:?}");
    assert!(told[0].reason.contains("nothing is unwound"), "{told:?}");
    assert_eq!(story.leverage().await, dec!(3), "not unwound");
    // Nothing further is ordered.
    let second = story.accept(&mut sender, &story.signal("s-2", 75, "normal"), POLICIES).await;
    let second = second.expect_err("an order is unanswered");
    assert!(matches!(second, SagaError::Unanswered { .. }) && second.exit_code() == 7, "{second}");
    // A restart later the keeper is back.
    drop(sender);
    story.keeper.behave(Behaviour::faithful());
    let mut sender = story.trader.sender();
    story.until_open(&mut sender, "s-1").await;
    assert_eq!(story.positions().await, 1);
    story.accept(&mut sender, &story.signal("s-2", 75, "normal"), POLICIES).await.expect("answered");
}

#[tokio::test]
async fn a_price_that_runs_away_before_the_loop_goes_up_ends_the_trade_without_a_transaction() {
    let story = Story::start(Behaviour::faithful()).await;
    let mut sender = story.trader.sender();
    let before = story.trader.replica.nonce(story.trader.account).await;
    story.accept(&mut sender, &story.signal("s-1", 95, "low"), POLICIES).await.expect("taken");
    story.price("3060").await;
    let report = story.until_over(&mut sender, "s-1").await;
    assert_eq!(report.outcome.as_deref(), Some("not-traded"));
    assert!(report.failure.as_deref().is_some_and(|why| why.contains("max_entry_deviation")), "{report:#?}");
    assert_eq!(story.trader.replica.nonce(story.trader.account).await, before, "nothing was sent");
}
