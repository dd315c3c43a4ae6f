//! A pause is seen wherever an account is shown, and holds over a restart. What it refuses is in the matrix.

use serde_json::{Value, json};
use trimtab::localchain::Behaviour;

use crate::{
    kit::{Daemon, program, until},
    story::Story,
    trader::USDC,
};

const PERP: &str = "perp open --pair ETH/USD --side long --margin 100 --leverage 10 --sl 2900";
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
        assert_eq!(document["error"]["exit"], json!(4), "{words}: {document}");
        assert_eq!(self.trader.replica.nonce(self.trader.account).await, nonce, "{words}: something was signed");
    }
}

#[tokio::test]
async fn a_pause_is_shown_by_status_table_and_figures_and_holds_over_a_restart() {
    let story = Story::start(Behaviour::faithful()).await;
    let listen = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("address");
    let start = async |table: &str| {
        let program = program(&story.trader).env("TRIMTAB_METRICS_LISTEN", &listen.to_string());
        Daemon::start(program, &format!("watch {table} --price-url {}", story.keeper.price_url())).await
    };
    let shows = async |value: u8| {
        let line = format!("trimtab_paused{{account=\"{}\"}} {value}", story.trader.account);
        until(&line, || async { figures(listen).await.lines().any(|found| found == line) }).await;
    };
    let daemon = start("").await;
    shows(0).await;
    assert_eq!(story.does("status").await["paused"], json!(false));
    story.does("pause").await;
    shows(1).await;
    assert_eq!(story.does("status").await["paused"], json!(true));
    story.command().run("status").await.succeeds().shows(&["PAUSED", "`trimtab resume`"]);
    daemon.stop().await.succeeds();
    let daemon = start("--tui").await;
    shows(1).await;
    story.is_refused(&format!("{PERP} --broadcast")).await;
    story.does("resume").await;
    shows(0).await;
    let before = story.trader.balance(USDC, story.trader.account).await;
    story.does(&format!("{PERP} --broadcast")).await;
    assert!(story.trader.balance(USDC, story.trader.account).await < before);
    // Without a terminal the live table is lines.
    daemon.stop().await.succeeds().shows(&["PAUSED: nothing is opened and no risk is added until `trimtab resume`"]);
}

/// What `/metrics` answers.
async fn figures(at: std::net::SocketAddr) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(at).await.expect("the figures' port");
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("asked");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("figures");
    text
}
