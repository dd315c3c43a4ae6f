//! Signals in the daemon's own process.

use std::{fs, io::Write, time::Duration};

use serde_json::json;
use trimtab::{localchain::Behaviour, perps::Interest};

use crate::{
    kit::{Daemon, program, until},
    story::Story,
};

#[tokio::test]
async fn a_line_that_is_appended_is_traded_by_the_daemon_that_watches_the_loop() {
    let story = Story::start(Behaviour::faithful()).await;
    let file = story.trader.journals.path().join("signals.jsonl");
    fs::write(&file, "").expect("written");
    let config = story.trader.journals.path().join("trimtab.toml");
    fs::write(&config, "[strategy]\nbase_capital = 3000\n").expect("written");
    let words = format!("watch --signals {} --price-url {}", file.display(), story.keeper.price_url());
    let daemon = Daemon::start(program(&story.trader), &words).await;
    let now = Duration::from_millis(story.now().0);
    let at = humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + now).to_string();
    let signal = json!({
        "id": "s-1", "pair": "ETH/USD", "side": "long", "score": 95, "volatility": "low", "entry": "3000", "at": at,
    });
    let mut lines = fs::OpenOptions::new().append(true).open(&file).expect("opened");
    writeln!(lines, "{signal}").expect("written");
    until("the perp is open", || async { story.positions().await == 1 }).await;
    assert!(story.leverage().await > rust_decimal::dec!(1), "and the loop behind it");
    story.price("3200").await;
    until("the perp is over", || async {
        let venue = story.desk.venue().expect("a venue");
        venue.snapshot(story.desk.account, &Interest::default()).await.expect("snapshot").positions.is_empty()
    })
    .await;
    until("the journal has its end", || async {
        story.trader.program().run("signal list").await.stdout.contains("traded")
    })
    .await;
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn signals_need_one_account_that_can_sign() {
    let story = Story::start(Behaviour::faithful()).await;
    let watch = format!("watch --signals s.jsonl --account {}", story.desk.account);
    let without_key = crate::trader::Program::new(story.trader.journals.path())
        .args(["--rpc-url", story.trader.replica.url()])
        .run(&watch);
    without_key.await.fails(2, &["exactly one account with a key; there are 0"]);
}
