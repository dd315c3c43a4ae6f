//! Perps that come to their end by target, stop or liquidation: told and recorded while the daemon runs, found by the next
//! command where none does.

use serde_json::json;
use trimtab::{journal::PerpPosition, localchain::Behaviour};

use crate::{kit::until, story::Story};

const OPEN: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 10 --broadcast --json";

/// How each is opened, what the price does, and what is said of its end.
const ENDS: [(&str, &str, &str); 3] =
    [("--tp 3100", "3110", "target"), ("--sl 2900", "2890", "stop"), ("--sl none", "2700", "liquidation")];

impl Story {
    async fn opened(&self, levels: &str) {
        let open = format!("{OPEN} {}", levels.replace("--sl none", ""));
        self.command().run(&open).await.succeeds();
    }

    fn closed(&self) -> Option<PerpPosition> {
        self.reader().perps().expect("perps").into_iter().find(|perp| perp.closed.is_some())
    }

    async fn until_ended_at_the_venue(&self) {
        until("ended at the venue", || async { self.positions().await == 0 }).await;
    }
}

#[tokio::test]
async fn the_end_of_a_perp_that_was_opened_by_hand_is_told_and_recorded_while_the_daemon_runs() {
    for (levels, dollars, kind) in ENDS {
        let story = Story::start(Behaviour::faithful()).await;
        let daemon = story.daemon("").await;
        story.opened(levels).await;
        story.price(dollars).await;
        until("the end in the journal", || async { story.closed().is_some() }).await;
        let realised = story.closed().expect("closed").realised.expect("an end");
        assert_eq!(realised["kind"], json!(kind), "{realised}");
        let told = async || {
            let events = story.reader().events(None, 100).expect("events");
            events.into_iter().filter(|event| event.kind == "perp-ended").collect::<Vec<_>>()
        };
        until("the end told", || async { told().await.len() == 1 }).await;
        assert!(told().await[0].reason.contains(&format!("has ended ({kind})")), "{:?}", told().await);
        story.command().run("journal reconcile").await.succeeds().shows(&["nothing is open"]);
        let ran = daemon.stop().await;
        assert!(ran.succeeds().stderr.contains(&format!("has ended ({kind})")), "{ran:#?}");
    }
}

#[tokio::test]
async fn the_end_of_a_perp_is_found_and_recorded_by_the_next_command_that_looks() {
    for (levels, dollars, kind) in ENDS {
        let story = Story::start(Behaviour::faithful()).await;
        story.opened(levels).await;
        story.price(dollars).await;
        story.until_ended_at_the_venue().await;
        let found = story.command().run("journal reconcile --json").await.succeeds().json();
        let words = found["ended"][0].as_str().expect("an end");
        assert!(words.contains(&format!("has ended ({kind})")), "{words}");
        assert_eq!(story.closed().expect("closed").realised.expect("an end")["kind"], json!(kind));
        let again = story.command().run("journal reconcile --json").await.succeeds().json();
        assert_eq!(again["ended"], json!([]), "once");
    }
    let story = Story::start(Behaviour::faithful()).await;
    story.opened("--tp 3100").await;
    story.price("3110").await;
    story.until_ended_at_the_venue().await;
    let listed = story.command().run("perp list").await;
    assert!(listed.succeeds().stderr.contains("has ended (target)"), "{listed:#?}");
    assert!(story.closed().is_some());
}

#[tokio::test]
async fn what_ended_while_the_daemon_was_away_is_told_by_the_next_one() {
    let story = Story::start(Behaviour::faithful()).await;
    story.opened("--sl 2900").await;
    story.price("2890").await;
    story.until_ended_at_the_venue().await;
    let daemon = story.daemon("").await;
    until("the end in the journal", || async { story.closed().is_some() }).await;
    let ran = daemon.stop().await;
    assert!(ran.succeeds().stderr.contains("has ended (stop)"), "{ran:#?}");
}
