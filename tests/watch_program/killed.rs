//! The daemon killed with `kill -9` between a perp's send and its record, at every step: the order is followed by the next
//! daemon, its position recorded and watched, and nothing is ordered twice.

use serde_json::{Value, json};
use trimtab::{
    config::SocketConfig,
    journal::OrderState,
    localchain::Behaviour,
    watchdog::ops::{DaemonClient, Status, socket_path},
};

use crate::{
    kit::{Daemon, STORAGE, program, until},
    story::Story,
    trader::{Erc20, Ran, USDC, units},
};

const OPEN: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 10 --sl 2900 --broadcast --json";
/// Where it is killed before the endpoints have the order.
const UNSENT: [&str; 2] = ["journal-after-signed", "send-before-broadcast"];
/// Where it is killed after that, in the order in which it comes by.
const SENT: [&str; 9] = [
    "send-after-broadcast",
    "journal-before-sent",
    "journal-after-sent",
    "journal-before-included",
    "journal-after-included",
    "perps-after-mined",
    "journal-before-reconciled",
    "journal-after-reconciled",
    "perps-after-recorded",
];

impl Story {
    async fn watching(&self, fail_points: &str) -> Daemon {
        let program = program(&self.trader).env("FAILPOINTS", fail_points);
        Daemon::start(program, &format!("watch --price-url {}", self.keeper.price_url())).await
    }

    async fn run(&self, words: &str) -> Ran {
        self.command().run(words).await
    }

    /// The exact allowance, so that the order's is the only transaction.
    async fn allow(&self) {
        let allow = Erc20::approveCall { spender: STORAGE, value: units(100, 6) };
        self.trader.replica.send(self.trader.account, USDC, &allow).await;
    }

    /// What the daemon says of its account's perps.
    pub(crate) async fn watched_perps(&self) -> usize {
        let path = socket_path(&SocketConfig::default(), self.reader().path());
        let client = DaemonClient::connect(&path, &SocketConfig::default()).await.expect("the socket");
        let status = client.expect("a daemon").ask(Status).await.expect("an answer");
        let watched = status.accounts.first().map(|watched| watched.turn["facts"]["perps"].clone());
        watched.and_then(|perps| perps.as_array().map(Vec::len)).unwrap_or_default()
    }

    async fn block(&self) {
        let _: Value = self.trader.replica.request("evm_mine", json!([])).await.expect("a block");
    }
}

/// Kills a daemon at a place while it opens a perp whose keeper is away; answers with the trader and what is left.
async fn killed_at(place: &str) -> Story {
    eprintln!("{place}");
    let story = Story::start(Behaviour::stopped()).await;
    story.allow().await;
    let daemon = story.watching(&format!("{place}=panic")).await;
    story.run(OPEN).await.fails(7, &["it may have begun"]);
    assert_eq!(daemon.end().await.code, None, "{place}: it was to be killed there");
    story
}

/// From an order that the next daemon follows to the position that it watches.
async fn is_followed(story: &Story, place: &str) {
    until("the order in the journal", || async { story.reader().open_orders().expect("orders").len() == 1 }).await;
    story.run(OPEN).await.fails(7, &["is still with the venue"]);
    story.keeper.behave(Behaviour::faithful());
    until("the position in the journal", || async { story.reader().open_perps().expect("perps").len() == 1 }).await;
    assert_eq!(story.positions().await, 1, "{place}");
    until("the position under watch", || async {
        story.block().await;
        story.watched_perps().await == 1
    })
    .await;
    let reader = story.reader();
    assert!(reader.open_orders().expect("orders").is_empty(), "{place}");
    let placed = reader.perps().expect("perps").remove(0).entry.opened_order.expect("the order");
    let order = reader.order("avantis-v1", &placed).expect("orders").expect("the order");
    assert_eq!(order.state, OrderState::Filled, "{place}");
    assert!(reader.open_loops().expect("loops").is_empty(), "{place}: a perp is no loop");
}

#[tokio::test]
async fn a_perp_order_sent_just_before_a_crash_is_followed_by_the_next_daemon_and_blocks_a_second_one() {
    for place in SENT {
        let story = killed_at(place).await;
        let daemon = story.watching("").await;
        is_followed(&story, place).await;
        daemon.stop().await.succeeds();
    }
}

#[tokio::test]
async fn a_perp_order_signed_just_before_a_crash_blocks_a_second_one_until_somebody_says_what_becomes_of_it() {
    for place in UNSENT {
        let story = killed_at(place).await;
        let daemon = story.watching("").await;
        story.run(OPEN).await.fails(7, &["unresolved"]);
        let [signed] = &story.reader().unresolved().expect("intents")[..] else { panic!("{place}: one is open") };
        story.run(&format!("journal reconcile --resend {}", signed.id)).await;
        is_followed(&story, place).await;
        daemon.stop().await.succeeds();
    }
}

#[tokio::test]
async fn a_fill_whose_record_the_crash_prevented_is_recorded_once() {
    for place in ["perps-after-applied", "perps-after-recorded"] {
        let story = Story::start(Behaviour::faithful()).await;
        story.allow().await;
        let daemon = story.watching(&format!("{place}=panic")).await;
        story.run(OPEN).await.fails(7, &["it may have begun"]);
        assert_eq!(daemon.end().await.code, None, "{place}: it was to be killed there");
        until("the keeper's fill", || async { story.positions().await == 1 }).await;
        let daemon = story.watching("").await;
        until("the position in the journal", || async {
            story.run("perp list").await.succeeds();
            story.reader().open_perps().expect("perps").len() == 1
        })
        .await;
        story.run("perp close 0:0 --broadcast --json").await.succeeds();
        let perps = story.reader().perps().expect("perps");
        assert_eq!((perps.len(), perps[0].closed.is_some()), (1, true), "{place}: {perps:#?}");
        daemon.stop().await.succeeds();
    }
}
