//! An endpoint that means harm: whatever it answers, the program ends by itself, with its own exit code and words, and sends
//! nothing that was not asked for.

use std::sync::atomic::{AtomicU64, Ordering};

use alloy::primitives::U256;
use serde_json::{Value, json};

use crate::{
    proxy::{Proxy, Verdict},
    trader::{Program, Trader},
};

const OPEN: &str = "loop open --equity 2 --leverage 2 --broadcast";

/// What an answer is replaced by.
fn modes() -> Vec<(&'static str, Verdict)> {
    let body = |text: &str| Verdict::Body(text.as_bytes().to_vec());
    let result = |value: Value| Verdict::Result(value);
    let nested = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{}"#, "[".repeat(300_000));
    vec![
        ("endless text", Verdict::Endless("0123456789abcdef")),
        ("endless brackets", Verdict::Endless("[[[[")),
        ("endless white space", Verdict::Endless("    ")),
        ("huge number", result(json!(format!("0x{}", "f".repeat(2_000_000))))),
        ("nested", Verdict::Body(nested.into_bytes())),
        ("html", body("<html><body>502 Bad Gateway</body></html>")),
        ("nothing", body("")),
        ("no utf-8", Verdict::Body(vec![0xff, 0xfe, 0x80, 0x00])),
        ("another id", body(r#"{"jsonrpc":"2.0","id":99999,"result":"0x1"}"#)),
        ("no id", body(r#"{"jsonrpc":"2.0","result":"0x1"}"#)),
        ("a list", body(r#"[{"jsonrpc":"2.0","id":{id},"result":"0x1"}]"#)),
        ("both", body(r#"{"jsonrpc":"2.0","id":{id},"result":"0x1","error":{"code":-1,"message":"x"}}"#)),
        ("neither", body(r#"{"jsonrpc":"2.0","id":{id}}"#)),
        ("null", result(Value::Null)),
        ("negative", result(json!(-1))),
        ("negative hex", result(json!("-0x1"))),
        ("a number", result(json!(18_446_744_073_709_551_615_u64))),
        ("empty hex", result(json!("0x"))),
        ("odd hex", result(json!("0x123"))),
        ("zeros", result(json!(format!("0x{}", "00".repeat(4_096))))),
        ("ones", result(json!(format!("0x{}", "ff".repeat(4_096))))),
        ("an object", result(json!({"number": "0xffffffffffffffff", "timestamp": "0xffffffffffffffff"}))),
        ("a strange error", Verdict::Error(i64::MIN, "\u{1b}[2J\u{1b}]0;owned\u{7}\nok  all is well")),
        ("a revert", Verdict::Error(3, "execution reverted")),
        ("redirect", Verdict::Status(302, 0)),
        ("half", Verdict::HalfAnswer),
    ]
}

fn program(trader: &Trader, url: &str) -> Program {
    let rpc = ["--rpc-url", url, "--rpc-timeout", "2s"];
    Program::new(trader.journals.path())
        .args(rpc)
        .env("TRIMTAB_RPC_RETRIES", "0")
        .env("TRIMTAB_RPC_MAX_RESPONSE_BYTES", "4MB")
        .wallet(trader.index)
}

#[tokio::test]
async fn whatever_an_endpoint_answers_the_program_ends_by_itself_in_words() {
    let trader = Trader::start().await;
    for (mode, verdict) in modes() {
        // From the first question on, and from the middle of the reading.
        for after in [0, 12] {
            let (calls, verdict) = (AtomicU64::new(0), verdict.clone());
            let hostile = Proxy::before(trader.replica.url(), move |_, _| {
                if calls.fetch_add(1, Ordering::SeqCst) >= after { verdict.clone() } else { Verdict::Pass }
            });
            let ran = program(&trader, &hostile.url()).run(OPEN).await;
            let code = ran.code;
            assert!(matches!(code, Some(2..=8)), "{mode} after {after}: {ran:#?}");
            assert!(
                !ran.stderr.contains("panicked") && !ran.stderr.contains('\u{1b}'),
                "{mode} after {after}: {ran:#?}"
            );
            assert!(ran.stderr.len() < 4_000, "{mode} after {after}: {} characters", ran.stderr.len());
        }
    }
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
}

#[tokio::test]
async fn an_endpoint_without_eth_simulate_v1_is_told_by_doctor_and_nothing_is_sent_untried() {
    let trader = Trader::start().await;
    let poor = Proxy::before(trader.replica.url(), |method, _| match method {
        "eth_simulateV1" => Verdict::Error(-32601, "the method does not exist"),
        _ => Verdict::Pass,
    });
    let ran = program(&trader, &poor.url()).run("doctor").await;
    assert_eq!(ran.code, Some(3), "{ran:#?}");
    ran.shows(&["FAIL  abilities of", "no eth_simulateV1"]);
    // Beside one that has it, it is a warning.
    let both = ["--rpc-url", &poor.url(), "--rpc-url", trader.replica.url()].map(str::to_owned);
    let both = both.iter().map(String::as_str);
    let ran = Program::new(trader.journals.path()).args(both).wallet(trader.index).run("doctor").await;
    assert!(ran.stdout.contains("warn  abilities of") && !ran.stdout.contains("FAIL  abilities"), "{ran:#?}");
    // What needs a call before it cannot be tried by itself: it is refused, and nothing is sent.
    program(&trader, &poor.url())
        .run(OPEN)
        .await
        .fails(5, &["simulation", "would revert", "the endpoint lacks eth_simulateV1"]);
    assert_eq!(trader.replica.nonce(trader.account).await, U256::ZERO);
}
