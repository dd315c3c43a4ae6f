//! The watch killed with `kill -9` at every fail-point while it trims, once and again while it starts anew: nothing is sent
//! twice, nothing forgotten, and in the end the loop is trimmed.

use std::os::unix::process::ExitStatusExt;

use crate::{
    child::{stdout, watch},
    first_seed,
    post::{health, is_at_target, looped_at_cadence, next_block, price, sent_to_composer, unresolved},
    seeds,
};

const POINTS: [&str; 12] = [
    "journal-before-leased",
    "journal-after-leased",
    "journal-before-signed",
    "journal-after-signed",
    "send-before-broadcast",
    "send-after-broadcast",
    "journal-before-sent",
    "journal-after-sent",
    "journal-before-included",
    "journal-after-included",
    "journal-before-reconciled",
    "journal-after-reconciled",
];
const PRICES: [&str; 3] = ["2730", "2600", "2450"];

/// Fail-points of the first start and of the second; the second is not always met.
fn plan(seed: u64) -> (String, Option<String>, &'static str) {
    let at = usize::try_from(seed).expect("small");
    let first = format!("{}=panic", POINTS[at % POINTS.len()]);
    let again = at / POINTS.len();
    let second = (again > 0).then(|| format!("{}=panic", POINTS[(at + 5 * again) % POINTS.len()]));
    (first, second, PRICES[again % PRICES.len()])
}

/// Answers with how often it was killed, and how many starts it took after that.
async fn run(seed: u64) -> (u32, u32) {
    let (first, second, dollars) = plan(seed);
    let (trader, _) = looped_at_cadence().await;
    let opened = trader.replica.controls.head().await.expect("head").number;
    price(&trader.replica, dollars).await;
    let mut killed = 0;
    for (start, point) in [Some(first.clone()), second.clone()].into_iter().flatten().enumerate() {
        let output = watch(&trader).env("FAILPOINTS", &point).output().expect("started");
        if output.status.signal() == Some(9) {
            killed += 1;
        } else {
            assert!(output.status.success(), "seed {seed}, {point}: {output:?}");
        }
        if start == 0 {
            assert_eq!(output.status.signal(), Some(9), "seed {seed}, {point}: not met: {}", stdout(&output));
        }
        next_block(&trader.replica).await;
        let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
        assert!(sent.len() <= 1, "seed {seed}, {point}: {sent:?}");
    }
    let mut starts = 0;
    let mut told = String::new();
    while !is_at_target(health(&trader).await) || unresolved(&trader) > 0 || starts == 0 {
        starts += 1;
        assert!(starts < 5, "seed {seed}, {first}, {second:?}: {} {told}", health(&trader).await);
        let output = watch(&trader).env_remove("FAILPOINTS").output().expect("started");
        told = stdout(&output);
        assert!(output.status.success(), "seed {seed}: {output:?}");
        next_block(&trader.replica).await;
    }
    let sent = sent_to_composer(&trader.replica, trader.account, opened + 1).await;
    assert!(sent.len() == 1 && sent[0].1, "seed {seed}, {first}, {second:?}: {sent:?}");
    (killed, starts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_anywhere_while_it_trims_the_watch_trims_once_and_forgets_nothing() {
    let count = seeds(20, 200);
    let (mut killed, mut most) = (0, 0);
    for seed in first_seed()..first_seed() + count {
        let (times, starts) = Box::pin(run(seed)).await;
        (killed, most) = (killed + times, most.max(starts));
    }
    println!("{count} runs, killed {killed} times, trimmed after at most {most} starts");
}
