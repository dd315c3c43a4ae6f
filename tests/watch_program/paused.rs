//! While an account is paused nothing adds risk to it, whoever wants it; what lowers risk works as ever.

use rust_decimal::dec;
use serde_json::{Value, json};
use trimtab::localchain::Behaviour;

use crate::{
    kit::{Daemon, program, until},
    story::Story,
    trader::USDC,
};

const PERP: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 10 --sl 2900";
const LIMIT: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 10 --limit 2500 --broadcast";
/// What every refusal says.
const WAY_OUT: &[&str] = &["paused", "until `trimtab resume`"];

impl Story {
    async fn does(&self, words: &str) -> Value {
        let ran = self.command().run(&format!("{words} --json")).await;
        assert_eq!(ran.code, Some(0), "{words}: {ran:#?}");
        ran.json()
    }

    /// Refused with the way out, in words and as JSON, and nothing was signed.
    async fn is_refused(&self, words: &str) {
        let nonce = self.trader.replica.nonce(self.trader.account).await;
        let ran = self.command().run(&format!("{words} --json")).await;
        let document = ran.fails(4, WAY_OUT).json();
        assert_eq!(document["exit"], json!(4), "{words}: {document}");
        assert_eq!(self.trader.replica.nonce(self.trader.account).await, nonce, "{words}: something was signed");
    }
}

/// Everything that adds risk to an account with a loop, a perp and a limit order, and then everything that lowers it.
async fn day(story: &Story) {
    let path = |name: &str| story.trader.journals.path().join(name).display().to_string();
    let (raise, order, signal) =
        (path("raise.json"), path("order.json"), story.file("s.json", &json!({ "score": 40 })));
    story.does("pause").await;
    story.is_refused("loop open --equity 1 --leverage 2 --broadcast").await;
    story.is_refused(&format!("{PERP} --broadcast")).await;
    story.does("resume").await;
    story.does("loop open --equity 1 --leverage 2 --broadcast").await;
    story.does(&format!("{PERP} --broadcast")).await;
    let limit = story.does(LIMIT).await;
    let limit = &limit["orders"][0][0]["key"];

    story.does("pause").await;
    story.does(&format!("loop adjust --leverage 2.6 --plan-out {raise}")).await;
    story.does(&format!("{PERP} --plan-out {order}")).await;
    for words in [
        "loop adjust --leverage 2.6 --broadcast".to_owned(),
        "loop deposit --equity 0.1 --keep-leverage --broadcast".to_owned(),
        "loop withdraw --equity 0.05 --broadcast".to_owned(),
        format!("send {raise} --broadcast"),
        "watch drill --broadcast".to_owned(),
        format!("{PERP} --broadcast"),
        LIMIT.to_owned(),
        format!("send {order} --broadcast"),
        "perp margin remove 10 --pair ETH/USD --broadcast".to_owned(),
        "perp tpsl 0:0 --sl none --broadcast".to_owned(),
    ] {
        story.is_refused(&words).await;
    }
    let run = format!("signal run {} --broadcast --detach --base-capital 3000", signal.display());
    story.command().run(&run).await.fails(4, &["paused", "`trimtab resume`"]);

    assert_eq!(story.does("status").await["paused"], json!(true));
    story.command().run("status").await.succeeds().shows(&["PAUSED", "`trimtab resume`"]);
    for words in [
        "loop adjust --leverage 1.8 --broadcast",
        "loop deposit --equity 0.1 --broadcast",
        "loop adjust --warn 1.2 --trigger 1.16",
        "perp tpsl 0:0 --sl 2950 --broadcast",
        "perp margin add 50 --pair ETH/USD --broadcast",
        "perp close 0:0 --fraction 0.3 --broadcast",
        &format!("perp cancel {}:{} --broadcast", limit["pair_index"], limit["index"]),
        "journal reconcile",
        "perp close --pair ETH/USD --broadcast",
        "loop close --broadcast",
    ] {
        story.does(words).await;
    }
    assert_eq!((story.positions().await, story.leverage().await), (0, dec!(0)));
    story.does("resume").await;
    assert_eq!(story.does("status").await["paused"], json!(false));
    story.does("loop open --equity 1 --leverage 2 --broadcast").await;
}

#[tokio::test]
async fn a_paused_account_takes_no_risk_from_any_command() {
    let story = Story::start(Behaviour::faithful()).await;
    Box::pin(day(&story)).await;
}

#[tokio::test]
async fn a_paused_account_takes_no_risk_through_its_daemon_either() {
    let story = Story::start(Behaviour::faithful()).await;
    let daemon = story.daemon("").await;
    Box::pin(day(&story)).await;
    daemon.stop().await.succeeds();
}

#[tokio::test]
async fn a_pause_is_shown_by_the_figures_and_holds_over_a_restart() {
    let story = Story::start(Behaviour::faithful()).await;
    let listen = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address");
    let start = async || {
        let program = program(&story.trader).env("TRIMTAB_METRICS_LISTEN", &listen.to_string());
        Daemon::start(program, &format!("watch --price-url {}", story.keeper.price_url())).await
    };
    let shows = async |value: u8| {
        let line = format!("trimtab_paused{{account=\"{}\"}} {value}", story.trader.account);
        until(&line, || async { figures(listen).await.lines().any(|found| found == line) }).await;
    };
    let daemon = start().await;
    shows(0).await;
    story.does("pause").await;
    shows(1).await;
    daemon.stop().await.succeeds();
    let daemon = start().await;
    shows(1).await;
    story.is_refused(&format!("{PERP} --broadcast")).await;
    story.does("resume").await;
    shows(0).await;
    let before = story.trader.balance(USDC, story.trader.account).await;
    story.does(&format!("{PERP} --broadcast")).await;
    assert!(story.trader.balance(USDC, story.trader.account).await < before);
    daemon.stop().await.succeeds();
}

/// What `/metrics` answers.
async fn figures(at: std::net::SocketAddr) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(at).await.expect("the figures' port");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await.expect("asked");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("figures");
    text
}
