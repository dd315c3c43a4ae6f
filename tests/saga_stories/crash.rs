//! The program killed with `kill -9` in the middle of each step of a trade (`--features failpoints`), and run again:
//! exactly one perp, and the loop as it should be. All places under `TRIMTAB_LONG=1`.

use alloy::primitives::U256;
use rust_decimal::{Decimal, dec};
use serde_json::json;
use trimtab::localchain::Behaviour;

use crate::{
    story::Story,
    trader::{USDC, units},
};

/// One place for each step.
const PLACES: [&str; 10] = [
    "saga-after-accepted=panic",
    "saga-within-loop-raise=panic",
    "send-after-broadcast=panic",
    "saga-within-perp-open=panic",
    "saga-before-ordered=panic",
    "saga-within-perp-placed=panic",
    "saga-within-perp-held=panic",
    "saga-within-perp-ended=panic",
    "saga-within-loop-back=panic",
    "saga-before-over=panic",
];

/// The others: between plan, signature, sending and record of every transaction (the loop's, the approval, the order, the
/// loop's again), before and after every phase.
const MORE: [&str; 34] = [
    "journal-after-leased=panic",
    "journal-before-signed=panic",
    "journal-after-signed=panic",
    "send-before-broadcast=panic",
    "journal-after-sent=panic",
    "journal-before-included=panic",
    "journal-after-included=panic",
    "journal-before-reconciled=panic",
    "journal-after-reconciled=panic",
    "journal-after-signed=1*off->panic",
    "send-after-broadcast=1*off->panic",
    "journal-after-included=1*off->panic",
    "journal-before-signed=2*off->panic",
    "journal-after-signed=2*off->panic",
    "send-before-broadcast=2*off->panic",
    "send-after-broadcast=2*off->panic",
    "journal-before-included=2*off->panic",
    "journal-after-included=2*off->panic",
    "journal-before-reconciled=1*off->panic",
    "journal-after-reconciled=1*off->panic",
    "journal-after-signed=3*off->panic",
    "send-after-broadcast=3*off->panic",
    "journal-after-included=3*off->panic",
    "saga-before-loop-raise=panic",
    "saga-after-loop-raise=panic",
    "saga-before-perp-open=panic",
    "saga-after-perp-open=panic",
    "saga-after-ordered=panic",
    "saga-after-perp-placed=panic",
    "saga-before-perp-held=panic",
    "saga-after-perp-held=panic",
    "saga-before-perp-ended=panic",
    "saga-after-perp-ended=panic",
    "saga-after-loop-back=panic",
];

async fn killed_at(place: &str) {
    eprintln!("{place}");
    let story = Story::start(Behaviour::faithful()).await;
    let file = story.file(&story.text(&json!({})));
    let run = format!("signal run {} --broadcast {}", file.display(), story.flags());
    let ran = story.run_to_target(story.program().env("FAILPOINTS", place), &run).await;
    assert_eq!(ran.code, None, "{place}: it was to be killed there: {ran:#?}");
    let resume = format!("signal resume --stay {}", story.flags());
    story.run_to_target(story.program(), &resume).await.succeeds();
    let sender = story.trader.sender();
    let reader = sender.journal().reader();
    let saga = reader.saga("s-1").expect("asked").expect("taken");
    assert_eq!(saga.outcome.as_deref(), Some("traded"), "{place}: {saga:#?}");
    let perps = reader.perps().expect("perps");
    assert_eq!(perps.len(), 1, "{place}: {perps:#?}");
    assert_eq!((story.positions().await, story.leverage().await), (0, Decimal::ZERO), "{place}");
    // One margin went out and one payment came back: the wallet has won what one perp wins.
    let won = story.trader.balance(USDC, story.trader.account).await - units(10_000, 6);
    assert!(won > units(850, 6) && won < units(900, 6), "{place}: {won}");
    let governor = story.governor(&sender);
    assert_eq!(governor.wins, 1, "{place}: counted once");
    assert!(governor.day_realised > dec!(850) && governor.day_realised < dec!(900), "{place}: {governor:?}");
    assert_eq!(reader.unresolved().expect("asked").len(), 0, "{place}");
    let approvals: U256 = story.trader.replica.nonce(story.trader.account).await;
    assert!(approvals <= U256::from(6), "{place}: {approvals} transactions");
}

#[tokio::test]
async fn a_price_that_runs_away_between_the_loop_and_the_perp_takes_the_loop_back() {
    let story = Story::start(Behaviour::faithful()).await;
    let file = story.file(&story.text(&json!({})));
    let run = format!("signal run {} --broadcast {}", file.display(), story.flags());
    let ran = story.program().env("FAILPOINTS", "saga-after-perp-open=panic").run(&run).await;
    assert_eq!(ran.code, None, "{ran:#?}");
    assert_eq!(story.leverage().await, dec!(3), "the loop is up, the perp is not ordered");
    story.price("3030").await;
    let resume = format!("signal resume --stay {}", story.flags());
    story.program().run(&resume).await.succeeds().shows(&["not-traded", "max_entry_deviation"]);
    assert_eq!((story.positions().await, story.leverage().await), (0, Decimal::ZERO));
    assert_eq!(story.trader.balance(USDC, story.trader.account).await / units(1, 6), U256::from(10_000));
}

/// Several at a time cost more than they bring on a small machine.
async fn all(places: &[&str]) {
    for place in places {
        killed_at(place).await;
    }
}

#[tokio::test]
async fn killed_on_the_way_up_a_trade_is_carried_on_and_opens_one_perp() {
    all(&PLACES[..5]).await;
}

#[tokio::test]
async fn killed_while_the_perp_is_open_or_on_the_way_back_a_trade_is_brought_to_its_end() {
    all(&PLACES[5..]).await;
}

#[tokio::test]
async fn killed_anywhere_else() {
    if std::env::var_os("TRIMTAB_LONG").is_none() {
        eprintln!("skipped: set TRIMTAB_LONG=1 for {} more places", MORE.len());
        return;
    }
    all(&MORE).await;
}
