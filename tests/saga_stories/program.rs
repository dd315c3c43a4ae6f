//! The same through the program: what a user types, what it says, with which exit code it ends.
#![allow(unreachable_pub, missing_docs)]

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};
use trimtab::localchain::Behaviour;

use crate::{
    story::{DEADLINE, Story},
    trader::{Program, Ran},
};

impl Story {
    /// A signal made now, as text.
    pub fn text(&self, fields: &Value) -> String {
        let now = Duration::from_millis(self.desk.clock.wall_millis());
        let at = humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + now).to_string();
        let mut signal = json!({
            "id": "s-1", "pair": "ETH/USD", "side": "long", "score": 95, "volatility": "low", "entry": "3000", "at": at
        });
        for (name, value) in fields.as_object().expect("an object") {
            signal[name] = value.clone();
        }
        signal.to_string()
    }

    pub fn file(&self, text: &str) -> PathBuf {
        let path = self.trader.journals.path().join("signal.json");
        fs::write(&path, text).expect("written");
        path
    }

    /// The program on this desk.
    pub fn program(&self) -> Program {
        self.trader.program()
    }

    pub fn flags(&self) -> String {
        format!("--price-url {} --base-capital 3000", self.keeper.price_url())
    }

    /// Moves the price to the target as soon as a perp is open.
    pub async fn to_target(&self) {
        self.until_held().await;
        self.price("3200").await;
    }

    async fn until_held(&self) {
        let deadline = Instant::now() + DEADLINE;
        while self.positions().await == 0 {
            assert!(Instant::now() < deadline, "no perp was opened");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs the program with the price moved to the target once the perp is open. A move that was begun is finished, even if
    /// the program has ended by then: half of one leaves a chain that makes no blocks.
    pub async fn run_to_target(&self, program: Program, words: &str) -> Ran {
        let run = program.run(words);
        tokio::pin!(run);
        tokio::select! {
            ran = &mut run => return ran,
            () = self.until_held() => {}
        }
        let ((), ran) = tokio::join!(self.price("3200"), run);
        ran
    }
}

#[tokio::test]
async fn without_broadcast_a_run_is_a_plan() {
    let story = Story::start(Behaviour::faithful()).await;
    let file = story.file(&story.text(&json!({})));
    let words = format!("signal run {} {}", file.display(), story.flags());
    story.program().run(&words).await.succeeds().shows(&["very-strong", "dry run: nothing was sent"]);
    story.program().run("signal list").await.succeeds().shows(&["no signal was taken yet"]);
}

#[tokio::test]
async fn a_run_stays_to_the_target_and_shows_predicted_beside_actual() {
    let story = Story::start(Behaviour::faithful()).await;
    let file = story.file(&story.text(&json!({})));
    let words = format!("signal run {} --broadcast --json {}", file.display(), story.flags());
    let ran = story.run_to_target(story.program(), &words).await;
    let report = ran.succeeds().json();
    assert_eq!((report["outcome"].as_str(), report["perp"]["ended"].as_str()), (Some("traded"), Some("target")));
    assert_eq!(report["perp"]["entry"], report["perp"]["entry_predicted"]);
    let again = story.program().run(&words).await;
    again.fails(4, &[]);
    story.program().run("signal list").await.succeeds().shows(&["traded", "ended  by target"]);
    assert_eq!(story.leverage().await, Decimal::ZERO);
}

#[tokio::test]
async fn a_detached_run_ends_with_the_perp_open_and_resume_sees_it_through() {
    let story = Story::start(Behaviour::faithful()).await;
    let file = story.file(&story.text(&json!({})));
    let words = format!("signal run {} --broadcast --detach {}", file.display(), story.flags());
    story.program().run(&words).await.succeeds();
    assert_eq!((story.positions().await, story.leverage().await), (1, dec!(3)));
    story.price("3200").await;
    let words = format!("signal resume --stay {}", story.flags());
    story.program().run(&words).await.succeeds().shows(&["ended  by target", "nothing is open"]);
    assert_eq!(story.leverage().await, Decimal::ZERO);
}

#[tokio::test]
async fn the_next_command_that_sends_something_finishes_a_detached_trade_first() {
    let story = Story::start(Behaviour::faithful()).await;
    let file = story.file(&story.text(&json!({ "score": 40 })));
    let words = format!("signal run {} --broadcast --detach {}", file.display(), story.flags());
    story.program().run(&words).await.succeeds();
    story.to_target().await;
    let deadline = Instant::now() + DEADLINE;
    while story.positions().await > 0 {
        assert!(Instant::now() < deadline, "the keeper did not end it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let ran = story.program().run("loop open --equity 1 --leverage 2 --broadcast").await;
    assert!(ran.succeeds().stderr.contains("ended  by target"), "{ran:#?}");
    story.program().run("signal list").await.succeeds().shows(&["traded"]);
}

#[tokio::test]
async fn an_order_that_the_venue_cancels_ends_a_run_with_exit_5() {
    let story = Story::start(Behaviour::refusing()).await;
    let file = story.file(&story.text(&json!({})));
    let words = format!("signal run {} --broadcast {}", file.display(), story.flags());
    story.program().run(&words).await.fails(5, &["cancelled", "came back"]).shows(&["not-traded"]);
    assert_eq!(story.leverage().await, Decimal::ZERO);
}

#[tokio::test]
async fn a_followed_file_trades_each_good_line_once_and_names_the_bad_ones() {
    let story = Story::start(Behaviour::stopped()).await;
    let path = story.trader.journals.path().join("signals.jsonl");
    let good = story.text(&json!({ "id": "good", "score": 40 }));
    fs::write(&path, format!("{{\"id\": 1}}\n{good}\n{good}\n{{\"half\"")).expect("written");
    let words = format!("signal run {} --follow --paper {}", path.display(), story.flags());
    let first = story.program().spawn(&words);
    let deadline = Instant::now() + DEADLINE;
    loop {
        let list = story.program().run("signal list --json").await;
        if list.code == Some(0) && list.json()["signals"].as_array().is_some_and(|all| all.len() == 1) {
            break;
        }
        assert!(Instant::now() < deadline, "{list:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // A second process cannot take the same signals.
    story.program().run(&words).await.fails(9, &[]);
    let ended = first.interrupt().await;
    ended.succeeds().shows(&["still open: good", "trimtab signal resume"]);
    assert!(ended.stderr.contains("line 1:"), "{ended:#?}");
    assert!(!ended.stderr.contains("line 3:"), "the same line again is no news: {ended:#?}");
    // After a restart the same file trades nothing twice.
    let second = story.program().spawn(&words);
    let more = story.text(&json!({ "id": "more", "score": 40 }));
    let text = fs::read_to_string(&path).expect("read");
    fs::write(&path, format!("{text}\": 1}}\n{more}\n")).expect("appended");
    let deadline = Instant::now() + DEADLINE;
    loop {
        let list = story.program().run("signal list --json").await;
        if list.json()["signals"].as_array().is_some_and(|all| all.len() == 2) {
            break;
        }
        assert!(Instant::now() < deadline, "{list:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ended = second.interrupt().await;
    assert!(ended.succeeds().stderr.contains("line 4:"), "{ended:#?}");
}

#[tokio::test]
async fn bad_signals_end_with_their_exit_codes() {
    let story = Story::start(Behaviour::faithful()).await;
    let cases = [
        (json!({ "score": 101 }), 2, "score"),
        (json!({ "stop": "3100" }), 2, "wrong side"),
        (json!({ "colour": "red" }), 2, "colour"),
        (json!({ "at": "2026-01-01T00:00:00Z" }), 4, "max_signal_age"),
        (json!({ "entry": "3100" }), 4, "max_entry_deviation"),
        (json!({ "pair": "FOO/USD" }), 2, "FOO/USD"),
    ];
    for (fields, code, words) in cases {
        let file = story.file(&story.text(&fields));
        let run = format!("signal run {} --broadcast {}", file.display(), story.flags());
        story.program().run(&run).await.fails(code, &[words]);
    }
    assert!(story.trader.replica.nonce(story.trader.account).await.is_zero());
}
