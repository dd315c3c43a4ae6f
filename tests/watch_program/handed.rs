//! Signals, and everything of the venue, handed to a running daemon by commands.

use std::{fs, path::PathBuf, time::Duration};

use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::{
    localchain::{Behaviour, FeedAge, PriceChange, PriceScope},
    loops::{Funds, Request, Target},
    units::Secs,
};

use crate::{
    kit::{Daemon, health, is_at_target, program, until},
    story::Story,
    trader::{Program, Ran, Trader, ether},
};

impl Story {
    pub(crate) fn file(&self, name: &str, fields: &Value) -> PathBuf {
        let path = self.trader.journals.path().join(name);
        fs::write(&path, self.text(fields)).expect("written");
        path
    }

    fn text(&self, fields: &Value) -> String {
        let now = Duration::from_millis(self.now().0);
        let at = humantime::format_rfc3339_millis(std::time::UNIX_EPOCH + now).to_string();
        let mut signal = json!({
            "id": "s-1", "pair": "ETH/USD", "side": "long", "score": 95, "volatility": "low", "entry": "3000", "at": at,
        });
        for (name, value) in fields.as_object().expect("an object") {
            signal[name] = value.clone();
        }
        signal.to_string()
    }

    /// A daemon that knows the venue and no base capital: sizes are the command's.
    pub(crate) async fn daemon(&self, words: &str) -> Daemon {
        Daemon::start(program(&self.trader), &format!("watch {words} --price-url {}", self.keeper.price_url())).await
    }

    pub(crate) fn command(&self) -> Program {
        self.trader.program().args(["--price-url", self.keeper.price_url()])
    }

    async fn listed(&self) -> Vec<Value> {
        let list = self.command().run("signal list --json").await;
        list.succeeds().json()["signals"].as_array().expect("a list").clone()
    }

    async fn until_phase(&self, phase: &str) {
        until(phase, || async { self.listed().await.iter().any(|signal| signal["phase"] == phase) }).await;
    }

    async fn until_traded(&self) {
        until("traded", || async { self.listed().await.iter().all(|signal| signal["outcome"] == "traded") }).await;
    }
}

#[tokio::test]
async fn a_signal_beside_the_daemon_is_followed_to_its_end_with_the_settings_of_the_command() {
    let story = Story::start(Behaviour::faithful()).await;
    let daemon = story.daemon("").await;
    let file = story.file("signal.json", &json!({}));
    let words = format!("signal run {} --broadcast --json --base-capital 3000", file.display());
    let (ran, ()) = tokio::join!(story.command().run(&words), async {
        until("the perp is open", || async { story.positions().await == 1 }).await;
        assert_eq!(story.leverage().await, dec!(3));
        story.price("3200").await;
    });
    let report = ran.succeeds().json();
    assert_eq!((&report["outcome"], &report["perp"]["ended"]), (&json!("traded"), &json!("target")));
    assert_eq!(report["perp"]["entry"], report["perp"]["entry_predicted"]);
    for said in ["handed to the daemon", "very-strong"] {
        assert!(ran.stderr.contains(said), "`{said}` is not in {ran:#?}");
    }
    assert_eq!(story.leverage().await, dec!(0));
    story.command().run(&words).await.fails(4, &["s-1"]);
    daemon.stop().await.succeeds();
    // Without a daemon it is refused for the same reason.
    story.command().run(&words).await.fails(4, &["s-1"]);
}

#[tokio::test]
async fn a_detached_signal_is_the_daemons_at_once_and_of_two_with_one_id_the_second_is_refused() {
    let story = Story::start(Behaviour::faithful()).await;
    let daemon = story.daemon("").await;
    let file = story.file("signal.json", &json!({ "score": 40 }));
    let words = format!("signal run {} --broadcast --detach --json --base-capital 3000", file.display());
    let (one, other) = tokio::join!(story.command().run(&words), story.command().run(&words));
    let (taken, refused): (Vec<Ran>, Vec<Ran>) = [one, other].into_iter().partition(|ran| ran.code == Some(0));
    let (taken, refused) = (taken.first().expect("one is taken"), refused.first().expect("one is refused"));
    refused.fails(4, &["s-1"]);
    assert_eq!(taken.json()["outcome"], Value::Null, "it has not ended: {taken:#?}");
    until("the perp is open", || async { story.positions().await == 1 }).await;
    story.command().run("signal resume").await.succeeds().shows(&["1 still open"]);
    story.command().run("perp list").await.succeeds().shows(&["long ETH/USD"]);
    let stay = story.command().spawn("signal resume --stay");
    story.price("3200").await;
    stay.end().await.succeeds().shows(&["ended  by target", "nothing is open"]);
    story.until_traded().await;
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn what_the_rules_refuse_is_refused_by_the_daemon_with_the_same_exit_codes() {
    let story = Story::start(Behaviour::faithful()).await;
    let daemon = story.daemon("").await;
    let cases = [
        (json!({ "score": 101 }), 2, "score"),
        (json!({ "at": "2026-01-01T00:00:00Z" }), 4, "max_signal_age"),
        (json!({ "entry": "3100" }), 4, "max_entry_deviation"),
        (json!({ "pair": "FOO/USD" }), 2, "FOO/USD"),
    ];
    for (fields, code, words) in cases {
        let file = story.file("signal.json", &fields);
        let run = format!("signal run {} --broadcast --base-capital 3000", file.display());
        story.command().run(&run).await.fails(code, &[words]);
    }
    story.command().run("pause").await.succeeds();
    let file = story.file("signal.json", &json!({}));
    let run = format!("signal run {} --broadcast --base-capital 3000", file.display());
    story.command().run(&run).await.fails(4, &["paused"]);
    assert!(story.trader.replica.nonce(story.trader.account).await.is_zero());
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn a_fall_is_trimmed_while_a_handed_signal_waits_for_its_keeper_and_a_stop_leaves_it_to_the_daemon() {
    let story = Story::start(Behaviour::stopped()).await;
    let daemon = story.daemon("").await;
    let file = story.file("signal.json", &json!({}));
    let run = story.command().spawn(&format!("signal run {} --broadcast --base-capital 3000", file.display()));
    story.until_phase("perp-placed").await;
    story.price("2730").await;
    until("trimmed", || async { is_at_target(health(&story.trader).await) }).await;
    let stopped = run.interrupt().await;
    stopped.succeeds().shows(&["still open: s-1", "the daemon goes on"]);
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn a_trim_calls_the_sender_away_from_a_handed_signals_transaction() {
    let story = Story::start(Behaviour::faithful()).await;
    let (trader, pair) = (&story.trader, story.trader.pair("WETH", "USDC").await);
    trader.act(&pair, &Request::Open { funds: Funds::Native(ether(1)), target: Target::Leverage(dec!(2)) }).await;
    let daemon = story.daemon("").await;
    let node = async |method: &'static str, params: Value| -> Value {
        trader.replica.request(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    };
    node("evm_setAutomine", json!([false])).await;
    let file = story.file("signal.json", &json!({}));
    let run = story.command().spawn(&format!("signal run {} --broadcast --base-capital 3000", file.display()));
    until("the loop's way up in the pool", || async { !waiting(trader).await.is_empty() }).await;
    let raise = waiting(trader).await;
    // The oracle falls in a block that has no room for it.
    node("evm_setBlockGasLimit", json!(["0x7d000"])).await;
    let change = PriceChange::parse("ETH", "2050").expect("price");
    trader.replica.controls.price(&change, PriceScope::FeedOnly).await.expect("moved");
    node("evm_setBlockGasLimit", json!(["0x1c9c380"])).await;
    assert_eq!(waiting(trader).await, raise, "it still waits");
    until("something else in its place", || async { waiting(trader).await != raise }).await;
    // Its nonce may be used up first: then the trim is in the block after.
    until("trimmed", || async {
        node("evm_mine", json!([])).await;
        is_at_target(health(trader).await)
    })
    .await;
    drop(run);
    node("evm_setAutomine", json!([true])).await;
    let ended = daemon.stop().await;
    assert!(ended.succeeds().stderr.contains("what is under way gives way"), "{ended:#?}");
    assert_eq!(node("eth_getTransactionReceipt", json!([raise])).await, Value::Null, "the way up is in no block");
}

/// The hash of the account's transaction in the pool.
pub(crate) async fn waiting(trader: &Trader) -> String {
    let pool: Value = trader.replica.request("txpool_content", json!([])).await.expect("pool");
    let own = trader.account.to_string().to_lowercase();
    let accounts = pool["pending"].as_object().expect("accounts");
    let held = accounts.iter().find(|(who, _)| who.to_lowercase() == own).map(|(_, held)| held);
    held.and_then(|held| held.as_object()?.values().next()?["hash"].as_str().map(str::to_owned)).unwrap_or_default()
}

#[tokio::test]
async fn practice_beside_the_daemon_needs_no_transaction_and_works_in_shadow_too() {
    let story = Story::start(Behaviour::stopped()).await;
    let shadow = story.daemon("--shadow").await;
    let file = story.file("signal.json", &json!({}));
    let run = format!("signal run {} --broadcast --base-capital 3000", file.display());
    story.command().run(&run).await.fails(4, &["shadow"]);
    story.command().run("signal resume").await.fails(4, &["shadow"]);
    let practice = format!("signal run {} --paper --json --base-capital 3000", file.display());
    let (ran, ()) = tokio::join!(story.command().run(&practice), async {
        story.until_phase("perp-held").await;
        story.price("3200").await;
    });
    let report = ran.succeeds().json();
    assert_eq!((&report["outcome"], &report["paper"]), (&json!("traded"), &json!(true)));
    assert!(story.trader.replica.nonce(story.trader.account).await.is_zero());
    shadow.stop().await.succeeds();
}

#[tokio::test]
async fn a_followed_file_is_handed_over_line_by_line_beside_the_daemon() {
    let story = Story::start(Behaviour::stopped()).await;
    let daemon = story.daemon("").await;
    let path = story.trader.journals.path().join("signals.jsonl");
    let good = story.text(&json!({ "id": "good", "score": 40 }));
    fs::write(&path, format!("{{\"id\": 1}}\n{good}\n{good}\n")).expect("written");
    let words = format!("signal run {} --follow --paper --base-capital 3000", path.display());
    let run = story.command().spawn(&words);
    story.until_phase("perp-held").await;
    let ended = run.interrupt().await;
    ended.succeeds().shows(&["still open: good", "the daemon goes on"]);
    assert!(ended.stderr.contains("skipped: line 1:"), "{ended:#?}");
    assert!(!ended.stderr.contains("line 3:"), "the same line again is no news: {ended:#?}");
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn a_daemon_that_ends_leaves_its_follower_with_the_way_to_go_on() {
    let story = Story::start(Behaviour::stopped()).await;
    let daemon = story.daemon("").await;
    let file = story.file("signal.json", &json!({ "score": 40 }));
    let run = story.command().spawn(&format!("signal run {} --broadcast --base-capital 3000", file.display()));
    story.until_phase("perp-placed").await;
    daemon.stop().await.succeeds();
    run.end().await.fails(7, &["the daemon has ended", "signal resume --stay"]);
}

#[tokio::test]
async fn flatten_beside_the_daemon_closes_what_the_journal_did_not_open_only_when_asked() {
    let story = Story::start(Behaviour::faithful()).await;
    let other = tempfile::tempdir().expect("directory");
    let open = "perp open --pair ETH/USD --side long --margin 100 --leverage 10 --sl 2900 --broadcast";
    let elsewhere = story.command().args(["--journal-dir", other.path().to_str().expect("a path")]);
    elsewhere.run(open).await.succeeds();
    let daemon = story.daemon("").await;
    let left = story.command().run("flatten --broadcast --json").await.succeeds().json();
    assert_eq!((&left["closed"], &left["paused"]), (&json!([]), &json!(true)));
    assert_eq!(left["stays"].as_array().map(Vec::len), Some(1), "{left}");
    assert_eq!(story.positions().await, 1);
    let all = story.command().run("flatten --broadcast --include-existing --json").await.succeeds().json();
    assert_eq!((all["closed"].as_array().map(Vec::len), &all["stays"]), (Some(1), &json!([])), "{all}");
    assert_eq!(story.positions().await, 0);
    daemon.stop().await.succeeds();
}

/// The daemon plans what it is handed with its own settings; only whoever hands it over can take an unchecked price, each time.
#[tokio::test]
async fn an_unchecked_price_is_the_callers_choice_beside_the_daemon_too_and_no_setting_of_the_command_is() {
    let story = Story::start(Behaviour::faithful()).await;
    story.trader.replica.controls.warp(Secs(7_200), FeedAge::Grows).await.expect("time");
    let daemon = story.daemon("").await;
    let open = "perp open --pair SOL/USD --side long --margin 100 --leverage 5 --broadcast";
    let by_setting = story.command().env("TRIMTAB_PERPS_UNCHECKED_PRICES", "true");
    by_setting.run(open).await.fails(4, &["handed to the daemon", "nothing on chain confirms that SOL/USD"]);
    assert_eq!(story.positions().await, 0);
    let ran = story.command().run(&format!("{open} --unchecked-price")).await;
    assert!(ran.succeeds().stderr.contains("handed to the daemon"), "{ran:?}");
    assert_eq!(story.positions().await, 1);
    daemon.stop().await.succeeds();
}
