//! Proxies of the environment.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::SOMEBODY;
use crate::{
    chain_node::{Node, Reply},
    common::Replica,
    trader::Program,
};

/// A proxy that counts whom it is asked for and lets nobody through.
async fn proxy() -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let (asked, heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 1_024];
            let length = stream.read(&mut head).await.unwrap_or_default();
            let first = String::from_utf8_lossy(&head[..length]).lines().next().unwrap_or_default().to_owned();
            let _ = asked.send(first);
            let _ =
                stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
        }
    });
    (url, heard)
}

fn behind(proxy: &str, home: &std::path::Path) -> Program {
    let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let program = names.iter().fold(Program::new(home), |program, name| program.env(name, proxy));
    ["no_proxy", "NO_PROXY"].iter().fold(program, |program, name| program.env(name, ""))
}

#[tokio::test]
async fn a_proxy_of_the_environment_does_not_stand_between_commands_and_a_node_on_this_machine() {
    let (proxy, mut asked) = proxy().await;
    let (replica, home) = (Replica::start().await, tempfile::tempdir().expect("directory"));
    for command in [
        "status".to_owned(),
        "doctor".to_owned(),
        "loop open --equity 1 --leverage 2".to_owned(),
        "perp list".to_owned(),
        "journal reconcile".to_owned(),
        "replica fund 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --eth 1".to_owned(),
        "replica price ETH 2990".to_owned(),
        "replica warp 1s".to_owned(),
    ] {
        let ran = behind(&proxy, home.path()).wallet(1).args(["--rpc-url", replica.url()]).run(&command).await;
        assert_eq!(ran.code, Some(0), "{command}: {ran:#?}");
        assert_eq!(asked.try_recv().ok(), None, "{command} asked the proxy");
    }
    let websocket = replica.url().replace("http://", "ws://");
    let ran = behind(&proxy, home.path()).run(&format!("status --from {SOMEBODY} --rpc-url {websocket}")).await;
    ran.succeeds();
    assert_eq!(asked.try_recv().ok(), None);
}

#[tokio::test]
async fn a_node_elsewhere_is_asked_through_the_proxy_unless_no_proxy_names_it() {
    let (proxy, mut asked) = proxy().await;
    let home = tempfile::tempdir().expect("directory");
    let words = format!("status --from {SOMEBODY} --rpc-url http://node.example.com:8545 --rpc-timeout 2s");
    behind(&proxy, home.path()).run(&words).await.fails(6, &["502"]);
    assert!(asked.recv().await.expect("asked").contains("node.example.com:8545"));
    while asked.try_recv().is_ok() {}
    let direct = behind(&proxy, home.path()).env("no_proxy", "example.com").env("NO_PROXY", "example.com");
    direct.run(&words).await.fails(6, &["node.example.com"]);
    assert_eq!(asked.try_recv().ok(), None);
}

#[tokio::test]
async fn an_answer_that_never_ends_is_cut_off_and_said_so() {
    // Bigger than any answer that is asked for; a node that wants to fill the memory sends more.
    let huge = Node::always(|| Reply::Result(json!("0".repeat(17 * 1024 * 1024)))).await;
    let home = tempfile::tempdir().expect("directory");
    let words = format!("status --from {SOMEBODY} --rpc-url {} --rpc-timeout 20s", huge.url());
    let ran = Program::new(home.path()).run(&words).await;
    assert!(matches!(ran.code, Some(3 | 6)), "{ran:#?}");
    assert!(ran.stderr.contains("rpc.max_response_bytes"), "{ran:#?}");
}
