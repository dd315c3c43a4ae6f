//! A WebSocket endpoint that announces what the test wants as new heads, and asks a node everything else.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used, clippy::panic)]

use alloy::{rpc::client::RpcClient, transports::http::reqwest::Url};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

/// The id of every subscription.
const SUBSCRIPTION: &str = "0x00000000000000000000000000000001";

/// Listens on loopback until it is dropped with its runtime.
pub struct Announcer {
    url: String,
    heads: broadcast::Sender<Value>,
}

impl Announcer {
    pub async fn before(node: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("ws://{}", listener.local_addr().expect("address"));
        let node = RpcClient::new_http(node.parse::<Url>().expect("url"));
        let (heads, _) = broadcast::channel(64);
        let told = heads.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, node.clone(), told.subscribe()));
            }
        });
        Self { url, heads }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many connections there are.
    pub fn listeners(&self) -> usize {
        self.heads.receiver_count()
    }

    /// Announces a head.
    pub fn announce(&self, head: Value) {
        self.heads.send(head).expect("somebody listens");
    }
}

async fn serve(stream: TcpStream, node: RpcClient, mut heads: broadcast::Receiver<Value>) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    let mut subscribed = false;
    loop {
        tokio::select! {
            head = heads.recv() => {
                let Ok(head) = head else { return };
                let notification = json!({
                    "jsonrpc": "2.0", "method": "eth_subscription",
                    "params": {"subscription": SUBSCRIPTION, "result": head},
                });
                if subscribed && socket.send(Message::text(notification.to_string())).await.is_err() {
                    return;
                }
            }
            message = socket.next() => {
                let Some(Ok(message)) = message else { return };
                let Message::Text(text) = message else { continue };
                let call: Value = serde_json::from_str(&text).expect("a call");
                let method = call["method"].as_str().expect("a method").to_owned();
                let answer = if method == "eth_subscribe" {
                    subscribed = true;
                    json!({"jsonrpc": "2.0", "id": call["id"], "result": SUBSCRIPTION})
                } else {
                    match node.request::<_, Value>(method, call["params"].clone()).await {
                        Ok(result) => json!({"jsonrpc": "2.0", "id": call["id"], "result": result}),
                        Err(error) => json!({
                            "jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": error.to_string()},
                        }),
                    }
                };
                if socket.send(Message::text(answer.to_string())).await.is_err() {
                    return;
                }
            }
        }
    }
}
