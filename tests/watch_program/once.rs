//! `watch --once`.

use alloy::primitives::U256;

use crate::{
    kit::{health, is_at_target, keeps_its_secrets, looped, price, program},
    trader::{Program, Trader},
};

#[tokio::test]
async fn one_look_says_zero_when_there_is_nothing_to_do_and_eight_when_it_trimmed() {
    let trader = looped().await;
    let nonce = trader.replica.nonce(trader.account).await;
    let quiet = program(&trader).run("watch --once").await;
    quiet.succeeds().shows(&["health factor 1.24", "nothing to do"]);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);

    price(&trader, "2730").await;
    let acted = program(&trader).run("watch --once --json -vv").await;
    assert_eq!(acted.code, Some(8), "{acted:#?}");
    let look = acted.json();
    assert_eq!((&look["acted"], &look["schema"]), (&true.into(), &1.into()));
    let turn = &look["accounts"][0]["turn"];
    assert!(turn["acted"]["mined_in"].is_u64(), "{turn:#}");
    assert!(is_at_target(health(&trader).await), "{}", health(&trader).await);
    keeps_its_secrets(&acted);
    program(&trader).run("watch --once").await.succeeds().shows(&["nothing to do"]);
}

#[tokio::test]
async fn in_shadow_it_says_what_it_would_have_sent_and_sends_nothing() {
    let trader = looped().await;
    price(&trader, "2730").await;
    let nonce = trader.replica.nonce(trader.account).await;
    let shadow = program(&trader).run("watch --once --shadow").await;
    shadow.succeeds().shows(&["shadow: would have sent", "trigger"]);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);
}

#[tokio::test]
async fn an_address_without_a_key_is_looked_at_and_nothing_else() {
    let trader = looped().await;
    price(&trader, "2730").await;
    let nonce = trader.replica.nonce(trader.account).await;
    let without_key = |trader: &Trader| {
        Program::new(trader.journals.path())
            .args(["--rpc-url", trader.replica.url()])
            .env("TRIMTAB_METRICS_LISTEN", "127.0.0.1:0")
    };
    let by_flag = without_key(&trader).run(&format!("watch --once --account {}", trader.account)).await;
    by_flag.succeeds().shows(&["no key: only looked at", "trigger"]);
    std::fs::write(
        trader.journals.path().join("trimtab.toml"),
        format!("[watch]\naccounts = [\"{}\"]\n", trader.account),
    )
    .expect("written");
    without_key(&trader).run("watch --once").await.succeeds().shows(&["no key: only looked at"]);
    assert_eq!(trader.replica.nonce(trader.account).await, nonce);
    std::fs::write(
        trader.journals.path().join("trimtab.toml"),
        format!("[watch]\naccounts = [\"{0}\", \"{0}\"]\n", trader.account),
    )
    .expect("written");
    without_key(&trader).run("watch --once").await.fails(3, &["watch.accounts", "named twice"]);
}

#[tokio::test]
async fn without_anybody_to_watch_it_says_how_to_name_somebody() {
    let trader = Trader::start().await;
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
    let nobody = Program::new(trader.journals.path()).args(["--rpc-url", trader.replica.url()]).run("watch --once");
    nobody.await.fails(2, &["whom to watch", "--account", "watch.accounts"]);
    program(&trader).run("watch --once --account 0x1234").await.fails(2, &["0x1234", "neither an address"]);
}
