//! A JSON-RPC node that answers what a test wants, and a clock that a test moves.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::expect_used)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use alloy::primitives::{B256, keccak256};
use serde_json::{Value, json};
use trimtab::{
    chain::{BASE_GENESIS, Clock, Endpoints},
    config::RpcConfig,
};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

/// What a node says to one call.
#[derive(Debug, Clone)]
pub enum Reply {
    Result(Value),
    Error(Value),
    Http(ResponseTemplate),
}

type Script = dyn FnMut(&str, &Value) -> Reply + Send;

struct Player {
    script: Mutex<Box<Script>>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Respond for Player {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let call: Value = serde_json::from_slice(&request.body).expect("a call is json");
        let method = call["method"].as_str().expect("method").to_owned();
        self.calls.lock().expect("calls").push(method.clone());
        let answer = |name: &str, value| {
            ResponseTemplate::new(200).set_body_json(json!({"jsonrpc": "2.0", "id": call["id"], name: value}))
        };
        match (self.script.lock().expect("script"))(&method, &call["params"]) {
            Reply::Result(value) => answer("result", value),
            Reply::Error(value) => answer("error", value),
            Reply::Http(template) => template,
        }
    }
}

/// A node on loopback that follows a script and counts.
pub struct Node {
    server: MockServer,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Node {
    pub async fn start(script: impl FnMut(&str, &Value) -> Reply + Send + 'static) -> Self {
        let server = MockServer::start().await;
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let player = Player { script: Mutex::new(Box::new(script)), calls: calls.clone() };
        Mock::given(any()).respond_with(player).mount(&server).await;
        Self { server, calls }
    }

    /// Always the same reply.
    pub async fn always(reply: impl Fn() -> Reply + Send + 'static) -> Self {
        Self::start(move |_, _| reply()).await
    }

    pub fn url(&self) -> String {
        self.server.uri()
    }

    /// How often a method was called.
    pub fn count(&self, method: &str) -> usize {
        self.calls.lock().expect("calls").iter().filter(|called| *called == method).count()
    }
}

/// Endpoints over these nodes, with short deadlines and one more round.
pub fn endpoints(nodes: &[&Node], clock: &Arc<TestClock>) -> Endpoints {
    let urls = nodes.iter().map(|node| node.url().parse().expect("url")).collect();
    let rpc = RpcConfig { urls, timeout: Duration::from_millis(400), retries: 1, ..RpcConfig::default() };
    Endpoints::connect(&rpc, clock.clone()).expect("endpoints")
}

/// A clock that only a test moves.
#[derive(Debug, Default)]
pub struct TestClock {
    pub wall_millis: AtomicU64,
    monotonic_millis: AtomicU64,
}

impl TestClock {
    pub fn at_wall(seconds: u64) -> Arc<Self> {
        Arc::new(Self { wall_millis: AtomicU64::new(seconds * 1_000), ..Self::default() })
    }

    pub fn advance(&self, by: Duration) {
        let millis = u64::try_from(by.as_millis()).expect("short");
        self.monotonic_millis.fetch_add(millis, Ordering::SeqCst);
        self.wall_millis.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn wall_millis(&self) -> u64 {
        self.wall_millis.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic_millis.load(Ordering::SeqCst))
    }
}

/// What a node says of itself.
#[derive(Clone)]
pub struct Chain {
    pub chain_id: u64,
    pub genesis: B256,
    pub client: &'static str,
    /// Anvil's instance, where it is one.
    pub instance: Option<B256>,
    pub head: Arc<AtomicU64>,
    pub head_time: u64,
    /// Makes block hashes differ between chains.
    pub salt: &'static str,
}

impl Chain {
    pub fn live() -> Self {
        Self {
            chain_id: 8453,
            genesis: BASE_GENESIS,
            client: "op-reth/v1.9.0",
            instance: None,
            head: Arc::new(AtomicU64::new(100)),
            head_time: 1_790_000_000,
            salt: "live",
        }
    }

    pub fn replica(name: &'static str) -> Self {
        let instance = Some(keccak256(name));
        Self { genesis: keccak256("g"), client: "anvil/v1.7.1", instance, salt: name, ..Self::live() }
    }

    pub fn hash(&self, number: u64) -> B256 {
        if number == 0 { self.genesis } else { keccak256(format!("{} {number}", self.salt)) }
    }

    pub fn reply(&self, method: &str, params: &Value) -> Reply {
        let head = self.head.load(Ordering::SeqCst);
        let missing = || Reply::Error(json!({"code": -32601, "message": "the method does not exist"}));
        match method {
            "eth_chainId" => Reply::Result(json!(format!("0x{:x}", self.chain_id))),
            "eth_blockNumber" => Reply::Result(json!(format!("0x{head:x}"))),
            "web3_clientVersion" => Reply::Result(json!(self.client)),
            "eth_getBlockByNumber" => {
                let number = match params[0].as_str().expect("tag") {
                    "latest" => head,
                    hex => u64::from_str_radix(hex.trim_start_matches("0x"), 16).expect("number"),
                };
                if number > head {
                    return Reply::Result(Value::Null);
                }
                Reply::Result(json!({
                    "number": format!("0x{number:x}"),
                    "hash": self.hash(number),
                    "timestamp": format!("0x{:x}", self.head_time),
                    "baseFeePerGas": "0x8",
                    "transactions": [{"type": "0x7e", "sourceHash": "0x00"}],
                }))
            }
            "anvil_nodeInfo" if self.instance.is_some() => Reply::Result(json!({"hardFork": "Bpo1"})),
            "anvil_metadata" if self.instance.is_some() => {
                Reply::Result(json!({"instanceId": self.instance, "forkedNetwork": null, "chainId": self.chain_id}))
            }
            _ => missing(),
        }
    }

    pub async fn node(&self) -> Node {
        let chain = self.clone();
        Node::start(move |method, params| chain.reply(method, params)).await
    }
}

/// A node whose answers never end; the URL, and how many bytes it got rid of.
pub async fn endless_node(before: &'static str, again: &'static str) -> (String, Arc<AtomicU64>) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let sent = Arc::<AtomicU64>::default();
    let counter = sent.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4_096];
                let _ = stream.read(&mut asked).await;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{before}");
                let _ = stream.write_all(head.as_bytes()).await;
                let part = again.repeat(65_536 / again.len());
                while stream.write_all(part.as_bytes()).await.is_ok() {
                    counter.fetch_add(part.len() as u64, Ordering::Relaxed);
                }
            });
        }
    });
    (url, sent)
}
