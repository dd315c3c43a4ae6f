//! What a crash left signed and unsent, sent again or taken back: alone, beside a daemon, and while paused.

use alloy::primitives::U256;
use trimtab::localchain::Behaviour;

use crate::{story::Story, trader::Program};

const KILLED: &str = "send-before-broadcast=panic";

/// A loop, and a command about it that was killed between its signature and its sending; its intent.
async fn left(story: &Story, command: &str) -> String {
    story.command().run("loop open --equity 1 --leverage 2 --broadcast").await.succeeds();
    let killed: Program = story.command().env("FAILPOINTS", KILLED);
    let ran = killed.run(&format!("{command} --broadcast")).await;
    assert_eq!(ran.code, None, "it was to be killed: {ran:#?}");
    let [signed] = &story.reader().unresolved().expect("intents")[..] else { panic!("one is left") };
    signed.id.to_string()
}

async fn nonce(story: &Story) -> U256 {
    story.trader.replica.nonce(story.trader.account).await
}

const RAISES: &str = "loop adjust --leverage 2.4";
const LOWERS: &str = "loop adjust --leverage 1.8";

#[tokio::test]
async fn what_adds_risk_is_not_sent_again_while_paused_and_everything_can_be_taken_back() {
    for watched in [false, true] {
        let story = Story::start(Behaviour::faithful()).await;
        let id = left(&story, RAISES).await;
        let daemon = if watched { Some(story.daemon("").await) } else { None };
        story.command().run("pause").await.succeeds();
        let before = nonce(&story).await;
        let again = story.command().run(&format!("journal reconcile --resend {id} --json")).await;
        again.fails(4, &["paused: this borrows", "`trimtab resume`"]);
        assert_eq!(
            (again.json()["error"]["exit"].as_u64(), nonce(&story).await),
            (Some(4), before),
            "beside: {watched}"
        );
        story.command().run(&format!("journal reconcile --take-back {id}")).await.succeeds();
        assert_eq!(nonce(&story).await, before + U256::ONE, "its nonce is used up");
        assert_eq!(story.leverage().await, rust_decimal::dec!(2));
        if let Some(daemon) = daemon {
            daemon.stop().await.succeeds();
        }
    }
}

#[tokio::test]
async fn what_lowers_risk_is_sent_again_while_paused_and_the_rest_after_the_pause() {
    for watched in [false, true] {
        for (command, leverage) in [(LOWERS, "1.8"), (RAISES, "2.4")] {
            let story = Story::start(Behaviour::faithful()).await;
            let id = left(&story, command).await;
            let daemon = if watched { Some(story.daemon("").await) } else { None };
            story.command().run("pause").await.succeeds();
            if command == RAISES {
                story.command().run("resume").await.succeeds();
            }
            story.command().run(&format!("journal reconcile --resend {id}")).await.succeeds().shows(&["settled"]);
            assert_eq!(story.leverage().await, leverage.parse().expect("a number"), "beside: {watched}");
            if let Some(daemon) = daemon {
                daemon.stop().await.succeeds();
            }
        }
    }
}
