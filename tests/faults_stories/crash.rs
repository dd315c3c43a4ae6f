//! The program killed with `kill -9` at every step between deciding and recording (`--features failpoints`): at most one
//! transaction per intent, and `journal reconcile` tells what became of it.

use std::time::{Duration, Instant};

use alloy::primitives::U256;
use serde_json::Value;

use crate::{
    common::Replica,
    trader::{Ran, Trader, WETH, ether},
};

const OPEN: &str = "loop open --equity 2 --leverage 2 --broadcast";

/// Fail-point, and what is true when the program dies there.
const POINTS: &[(&str, Left)] = &[
    ("journal-before-leased", Left::Nothing),
    ("journal-after-leased", Left::Nothing),
    ("journal-before-signed", Left::Nothing),
    ("journal-after-signed", Left::Signed),
    ("send-before-broadcast", Left::Signed),
    ("send-after-broadcast", Left::Sent),
    ("journal-before-sent", Left::Sent),
    ("journal-after-sent", Left::Sent),
    ("journal-before-included", Left::Sent),
    ("journal-after-included", Left::Included),
    ("journal-before-reconciled", Left::Included),
    ("journal-after-reconciled", Left::Settled),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing was signed.
    Nothing,
    /// Signed and recorded, not sent.
    Signed,
    /// On chain, and the journal does not know.
    Sent,
    /// On chain, known, not compared.
    Included,
    /// All done.
    Settled,
}

#[track_caller]
fn was_killed(ran: &Ran, point: &str) {
    assert_eq!(ran.code, None, "{point}: {ran:#?}");
    assert!(ran.stderr.contains(&format!("failpoint {point} panic")), "{point}: {ran:#?}");
}

async fn intents(trader: &Trader) -> Vec<Value> {
    let listed = trader.program().run("journal list --json").await.succeeds().json();
    listed["intents"].as_array().expect("intents").clone()
}

/// The account's nonce, once it is what is expected: what was sent is mined a moment later.
async fn nonce_of(trader: &Trader, expected: U256) -> U256 {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let nonce = trader.replica.nonce(trader.account).await;
        if nonce >= expected || Instant::now() > deadline {
            return nonce;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn killed_anywhere_an_opening_happens_at_most_once_and_nothing_is_forgotten() {
    for (point, left) in POINTS {
        eprintln!("{point}");
        let trader = Trader::on(Replica::at_cadence().await).await;
        let ran = trader.program().env("FAILPOINTS", &format!("{point}=panic")).run(OPEN).await;
        was_killed(&ran, point);
        let expected = U256::from(u8::from(!matches!(left, Left::Nothing | Left::Signed)));
        let on_chain = nonce_of(&trader, expected).await;
        assert_eq!(on_chain, expected, "{point}");

        if matches!(left, Left::Signed | Left::Sent) {
            let blocked = trader.program().run("loop deposit --equity 1 --include-existing --broadcast").await;
            blocked.fails(7, &["unresolved", "trimtab journal reconcile"]);
            assert_eq!(trader.replica.nonce(trader.account).await, on_chain, "{point}");
        }
        let told = trader.program().run("journal reconcile").await;
        match left {
            Left::Nothing => {
                told.succeeds();
                trader.program().run(OPEN).await.succeeds();
            }
            Left::Signed => {
                told.fails(7, &["1 still open", "--resend", "--take-back"]);
                let id = intents(&trader).await[0]["id"].as_str().expect("id").to_owned();
                trader.program().run(&format!("journal reconcile --resend {id}")).await.succeeds().shows(&["settled"]);
            }
            Left::Sent => {
                told.succeeds().shows(&["went through", "settled"]);
            }
            Left::Included => {
                told.succeeds().shows(&["settled"]);
            }
            Left::Settled => {
                told.succeeds().shows(&["nothing is open"]);
            }
        }
        assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE, "{point}: exactly one transaction");
        let last = intents(&trader).await;
        assert_eq!(last[0]["state"], "reconciled", "{point}: {last:#?}");
        // The journal knows the loop: it can be closed without --include-existing.
        trader.program().run("loop close --broadcast").await.succeeds().shows(&["nothing left behind"]);
        let pair = trader.pair("WETH", "USDC").await;
        assert_eq!((trader.collateral(&pair).await, trader.debt(&pair).await), (U256::ZERO, U256::ZERO), "{point}");
    }
}

#[tokio::test]
async fn what_was_signed_and_never_sent_can_be_taken_back() {
    let trader = Trader::on(Replica::at_cadence().await).await;
    let point = "send-before-broadcast";
    let ran = trader.program().env("FAILPOINTS", &format!("{point}=panic")).run(OPEN).await;
    was_killed(&ran, point);
    let id = intents(&trader).await[0]["id"].as_str().expect("id").to_owned();
    trader.program().run(&format!("journal reconcile --take-back {id}")).await.succeeds();
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ONE, "the nonce is used up");
    let pair = trader.pair("WETH", "USDC").await;
    assert_eq!(trader.debt(&pair).await, U256::ZERO, "nothing was opened");
    assert_eq!(intents(&trader).await[0]["state"], "failed");
    trader.program().run(OPEN).await.succeeds();
}

#[tokio::test]
async fn killed_between_two_transactions_of_one_plan_the_first_is_known_and_the_rest_can_be_asked_for_again() {
    for point in ["journal-before-leased", "journal-before-signed", "journal-after-signed", "send-after-broadcast"] {
        eprintln!("{point}");
        let trader = Trader::on(Replica::at_cadence().await).await;
        trader.give(WETH, ether(2)).await;
        let open = "loop open --equity 2 --wrapped --leverage 2 --broadcast";
        let ran = trader.program().env("FAILPOINTS", &format!("{point}=1*off->panic")).run(open).await;
        was_killed(&ran, point);
        let sent = if point == "send-after-broadcast" { 2 } else { 1 };
        assert_eq!(nonce_of(&trader, U256::from(sent)).await, U256::from(sent), "{point}");
        let told = trader.program().run("journal reconcile").await;
        if point == "journal-after-signed" {
            told.fails(7, &["still open"]);
            let id = intents(&trader).await[0]["id"].as_str().expect("id").to_owned();
            trader.program().run(&format!("journal reconcile --resend {id}")).await.succeeds();
        } else {
            told.succeeds();
        }
        let pair = trader.pair("WETH", "USDC").await;
        if trader.debt(&pair).await.is_zero() {
            // The approval stands and is exact: the same command needs only the second transaction.
            trader.program().run(open).await.succeeds();
        }
        assert_eq!(trader.replica.nonce(trader.account).await, U256::from(2), "{point}");
        trader.assert_nothing_left(&pair).await;
        trader.program().run("loop close --wrapped --broadcast").await.succeeds();
    }
}
