//! Base makes five blocks a second, which share its timestamp: a plan's block has, as a rule, the time of the block that it
//! was made on. What is predicted is exact there, and in the first block of the next second.

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, TestRunner},
};
use rust_decimal::Decimal;
use trimtab::{
    config::LoopClass,
    localchain::FeedAge,
    loops::{Funds, LoopSnapshot, Pair, Payout, Request, Share, Target, plan},
    units::{Millis, Secs},
};

use crate::trader::{Trader, WETH, milli_ether};

#[tokio::test]
async fn what_is_predicted_for_the_next_block_is_exact_in_the_same_second_and_in_the_next() {
    let count = if std::env::var_os("TRIMTAB_LONG").is_some() { 25 } else { 2 };
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    // Equity, leverage before and after, share that is closed, seconds in between.
    let lives = (300u64..20_000, 110i64..300, 110i64..290, 10i64..900, 1u64..2_000_000);
    for seconds in [0, 1] {
        for _ in 0..count {
            let life = lives.new_tree(&mut runner).expect("a life").current();
            eprintln!("{seconds} s later: {life:?}");
            let (equity, before, after, share, wait) = life;
            let trader = Trader::start().await;
            // The saved state's own last block is a little later than the state says: from the next one on the clock is known.
            trader.replica.controls.warp(Secs::HOUR, FeedAge::Refreshed).await.expect("warp");
            let pair = trader.pair("ETH", "USDC").await;
            let target = |hundredths| Target::Leverage(Decimal::new(hundredths, 2));
            let open = Request::Open { funds: Funds::Native(milli_ether(equity)), target: target(before) };
            is_exact(&trader, &pair, &open, seconds).await;
            trader.replica.controls.warp(Secs(wait), FeedAge::Refreshed).await.expect("warp");
            if before != after {
                is_exact(&trader, &pair, &Request::Adjust { target: target(after) }, seconds).await;
            }
            for share in [Share::Part(Decimal::new(share, 3)), Share::All] {
                let payout = Payout::Collateral { unwrap: Some(WETH) };
                is_exact(&trader, &pair, &Request::Close { share, payout }, seconds).await;
            }
            trader.assert_nothing_left(&pair).await;
        }
    }
}

/// Plans for a block so many seconds after the newest, has it made then, and compares.
async fn is_exact(trader: &Trader, pair: &Pair, request: &Request, seconds: u64) {
    let mut snapshot = trader.snapshot(pair).await;
    let now = snapshot.block.timestamp;
    // The last block of a second, or its first: where the endpoint tells milliseconds, the next one's time is known.
    snapshot.block.timestamp_ms = Some(Millis(now.0 * 1_000 + seconds * 800));
    assert_eq!(snapshot.inclusion(), now.plus(Secs(seconds)));
    let settings = trader.settings(LoopClass::Volatile);
    let plan = plan(request, &snapshot, pair, &settings, &LoopSnapshot::hubs(&trader.list));
    let plan = plan.unwrap_or_else(|error| panic!("{request:?}: {error}"));
    trader.replica.next_block_at(now.0 + seconds).await;
    let report = trader.execute(plan).await.unwrap_or_else(|failed| panic!("{request:?}: {failed:?}"));
    let settlement = report.settlement.unwrap_or_else(|| panic!("{request:?}: {:?}", report.outcome));
    let block = trader.endpoints.block_by_number(settlement.block.into()).await.expect("told").expect("a block");
    assert_eq!(block.timestamp, now.plus(Secs(seconds)));
    for figure in &settlement.figures {
        assert!(figure.difference.is_zero(), "{request:?}, {seconds} s later: {figure:?}");
    }
}
