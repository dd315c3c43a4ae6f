//! Endpoints that are slow, busy, broken or lying: what the user's reads become of it.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::chain_node::{Chain, Node, Reply, TestClock, endless_node, endpoints};
use alloy::{
    primitives::{Address, B256, Bytes, U64, U256, keccak256},
    sol_types::SolCall,
};
use serde_json::json;
use trimtab::{
    chain::{
        Batch, BlockRef, CallRequest, ConnectError, Endpoints, ReadError, Reader, Rejection, SendOutcome, Simulation,
        SystemClock, multicall3,
    },
    config::{FeesConfig, RpcConfig, Urgency},
    send::Bid,
    units::Secs,
};
use wiremock::ResponseTemplate;

fn number(value: u64) -> Reply {
    Reply::Result(json!(format!("0x{value:x}")))
}

fn refusal(code: i64, message: &str) -> Reply {
    Reply::Error(json!({"code": code, "message": message}))
}

async fn gas_price(endpoints: &Endpoints) -> Result<U64, ReadError> {
    endpoints.request("eth_gasPrice", ()).await
}

#[tokio::test]
async fn a_busy_endpoint_is_left_alone_for_as_long_as_it_asks() {
    let busy = Node::always(|| Reply::Http(ResponseTemplate::new(429).insert_header("Retry-After", "30"))).await;
    let idle = Node::always(|| number(7)).await;
    let clock = Arc::new(TestClock::default());
    let endpoints = endpoints(&[&busy, &idle], &clock);
    for _ in 0..3 {
        assert_eq!(gas_price(&endpoints).await.expect("the other answers"), U64::from(7));
    }
    assert_eq!((busy.count("eth_gasPrice"), idle.count("eth_gasPrice")), (1, 3));
    clock.advance(Duration::from_secs(31));
    gas_price(&endpoints).await.expect("still answers");
    assert_eq!(busy.count("eth_gasPrice"), 2, "asked again once its time was over");
}

#[tokio::test]
async fn a_rate_limit_dressed_as_a_revert_is_waited_out_not_believed() {
    let mut first = true;
    let node = Node::start(move |_, _| {
        if std::mem::take(&mut first) {
            let body =
                json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 3, "message": "execution reverted", "data": "0x"}});
            return Reply::Http(ResponseTemplate::new(429).insert_header("Retry-After", "0").set_body_json(body));
        }
        number(7)
    })
    .await;
    let endpoints = endpoints(&[&node], &Arc::default());
    assert_eq!(gas_price(&endpoints).await.expect("second round"), U64::from(7));
    assert_eq!(node.count("eth_gasPrice"), 2);
}

#[tokio::test]
async fn when_all_are_busy_for_long_the_user_hears_so_at_once() {
    let busy = Node::always(|| Reply::Http(ResponseTemplate::new(429).insert_header("Retry-After", "600"))).await;
    let endpoints = endpoints(&[&busy], &Arc::default());
    let error = gas_price(&endpoints).await.expect_err("busy");
    assert!(matches!(error, ReadError::RateLimited(_)), "{error}");
    assert!(error.to_string().contains("10m"), "{error}");
    assert_eq!((busy.count("eth_gasPrice"), error.exit_code()), (1, 6));
}

#[tokio::test]
async fn broken_endpoints_are_passed_over_each_once_a_round() {
    let faults: [fn() -> Reply; 6] = [
        || Reply::Http(ResponseTemplate::new(503)),
        || Reply::Http(ResponseTemplate::new(200).set_body_string(r#"{"jsonrpc":"2.0","id":1,"res"#)),
        || Reply::Http(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))),
        || Reply::Http(ResponseTemplate::new(401).set_body_string("key?")),
        || refusal(-32603, "internal error"),
        || refusal(-32601, "method not found"),
    ];
    for fault in faults {
        let broken = Node::always(fault).await;
        let sound = Node::always(|| number(7)).await;
        let endpoints = endpoints(&[&broken, &sound], &Arc::default());
        assert_eq!(gas_price(&endpoints).await.expect("the other answers"), U64::from(7));
        assert_eq!((broken.count("eth_gasPrice"), sound.count("eth_gasPrice")), (1, 1));
    }
}

#[tokio::test]
async fn an_answer_without_end_is_broken_off_and_the_other_endpoint_answers() {
    let sound = Node::always(|| number(7)).await;
    // Also one that claims to be short, and one that only opens brackets.
    for (before, again) in [(r#"{"jsonrpc":"2.0","id":1,"result":""#, "0"), (r#"{"result":"#, "[")] {
        let (url, sent) = endless_node(before, again).await;
        let rpc = RpcConfig {
            urls: vec![url.parse().expect("url"), sound.url().parse().expect("url")],
            max_response_bytes: bytesize::ByteSize::mb(4),
            ..RpcConfig::default()
        };
        let both = Endpoints::connect(&rpc, Arc::new(SystemClock::default())).expect("endpoints");
        assert_eq!(gas_price(&both).await.expect("the other answers"), U64::from(7));
        let alone = RpcConfig { urls: rpc.urls[..1].to_vec(), ..rpc };
        let error = gas_price(&Endpoints::connect(&alone, Arc::new(SystemClock::default())).expect("endpoint")).await;
        let said = error.expect_err("no end").to_string();
        assert!(said.contains("4.0 MB") && said.contains("rpc.max_response_bytes"), "{said}");
        // The limit twice, and what the sockets hold.
        assert!(sent.load(Ordering::Relaxed) < 40_000_000, "{sent:?}");
    }
}

#[tokio::test]
async fn an_answer_nested_without_end_is_not_understood_and_nothing_else() {
    let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{}{}}}"#, "[".repeat(500_000), "]".repeat(500_000));
    let node = Node::always(move || Reply::Http(ResponseTemplate::new(200).set_body_string(deep.clone()))).await;
    let nested: Result<serde_json::Value, ReadError> =
        endpoints(&[&node], &Arc::default()).request("eth_gasPrice", ()).await;
    assert!(matches!(nested, Err(ReadError::Malformed(_))), "{nested:?}");
}

#[tokio::test]
async fn a_revert_is_an_answer_and_nobody_else_is_asked() {
    let data: Bytes = "0x08c379a0".parse().expect("hex");
    let reverting =
        Node::always(|| Reply::Error(json!({"code": 3, "message": "execution reverted", "data": "0x08c379a0"}))).await;
    let other = Node::always(|| Reply::Result(json!("0x"))).await;
    let endpoints = endpoints(&[&reverting, &other], &Arc::default());
    let to = Address::repeat_byte(7);
    let call = CallRequest::new(Address::ZERO, to, Bytes::new());
    match endpoints.call(&call, keccak256("block").into()).await {
        Err(ReadError::Reverted { target, data: found }) => assert_eq!((target, found), (to, data)),
        other => panic!("{other:?}"),
    }
    assert_eq!((reverting.count("eth_call"), other.count("eth_call")), (1, 0));
}

#[tokio::test]
async fn when_nobody_answers_every_endpoint_and_its_fault_is_named() {
    let down = Node::always(|| Reply::Http(ResponseTemplate::new(502))).await;
    let slow = Node::always(|| Reply::Http(ResponseTemplate::new(200).set_delay(Duration::from_secs(60)))).await;
    let endpoints = endpoints(&[&down, &slow], &Arc::default());
    let error = gas_price(&endpoints).await.expect_err("nobody answers");
    let said = error.to_string();
    assert!(said.contains(&down.url()) && said.contains("http 502"), "{said}");
    assert!(said.contains(&slow.url()) && said.contains("within 400ms"), "{said}");
    assert_eq!(error.exit_code(), 6);
    assert_eq!((down.count("eth_gasPrice"), slow.count("eth_gasPrice")), (2, 2), "one round and one more");
}

#[tokio::test]
async fn a_question_that_must_not_be_asked_twice_is_not() {
    let down = Node::always(|| Reply::Http(ResponseTemplate::new(502))).await;
    let endpoints = endpoints(&[&down], &Arc::default());
    let mined: Result<serde_json::Value, _> = endpoints.request_once("evm_mine", ()).await;
    assert!(mined.is_err());
    assert_eq!(down.count("evm_mine"), 1);
}

#[tokio::test]
async fn tokens_in_urls_stay_out_of_errors() {
    let rpc = RpcConfig {
        urls: vec!["http://127.0.0.1:1/v2/s3cr3tT0ken?key=abcdefghij".parse().expect("url")],
        retries: 0,
        ..RpcConfig::default()
    };
    let endpoints = Endpoints::connect(&rpc, Arc::new(SystemClock::new())).expect("endpoints");
    let error = gas_price(&endpoints).await.expect_err("nothing listens");
    let shown = format!("{error} {error:?} {endpoints:?}");
    assert!(!shown.contains("s3cr3t") && !shown.contains("abcdefghij"), "{shown}");
    assert!(shown.contains("http://127.0.0.1:1/…"), "{shown}");
    let none = Endpoints::connect(&RpcConfig::default(), Arc::new(SystemClock::new()));
    assert!(matches!(none, Err(ConnectError::NoEndpoint)));
}

fn balance_batch() -> Batch {
    let mut batch = Batch::new();
    batch.add(multicall3::ADDRESS, &multicall3::IMulticall3::getEthBalanceCall { addr: Address::ZERO });
    batch
}

#[tokio::test]
async fn half_a_snapshot_is_no_snapshot() {
    let whole = {
        let result =
            multicall3::IMulticall3::Result { success: true, returnData: U256::from(5).to_be_bytes_vec().into() };
        Bytes::from(multicall3::IMulticall3::aggregate3Call::abi_encode_returns(&vec![result]))
    };
    let half = Node::always(|| Reply::Result(json!("0x1234"))).await;
    let sound = Node::always(move || Reply::Result(json!(whole))).await;
    let endpoints = endpoints(&[&half, &sound], &Arc::default());
    let mut batch = Batch::new();
    let slot = batch.add(multicall3::ADDRESS, &multicall3::IMulticall3::getEthBalanceCall { addr: Address::ZERO });
    let answers = endpoints.read(keccak256("block"), &batch).await.expect("the other answers");
    assert_eq!(answers.get(slot).expect("balance"), U256::from(5));
    assert_eq!((half.count("eth_call"), sound.count("eth_call")), (1, 1));
}

#[tokio::test]
async fn a_block_that_was_reorged_away_is_named_as_such() {
    let node = Node::always(|| refusal(-32000, "header for hash not found")).await;
    let endpoints = endpoints(&[&node], &Arc::default());
    let at = keccak256("orphan");
    let error = endpoints.read(at, &balance_batch()).await.expect_err("orphan");
    assert!(matches!(error, ReadError::UnknownBlock(hash) if hash == at), "{error}");
}

#[tokio::test]
async fn an_endpoint_behind_the_others_is_not_used_until_it_caught_up() {
    let (ahead, behind) = (Chain::live(), Chain::live());
    ahead.head.store(100, Ordering::SeqCst);
    behind.head.store(89, Ordering::SeqCst);
    let (first, second) = (behind.node().await, ahead.node().await);
    let clock = Arc::new(TestClock::default());
    let endpoints = endpoints(&[&first, &second], &clock);
    assert_eq!(endpoints.head().await.expect("head").number, 100);
    let chain_id = async || endpoints.request::<_, U64>("eth_chainId", ()).await.expect("chain id");
    chain_id().await;
    assert_eq!((first.count("eth_chainId"), second.count("eth_chainId")), (0, 1));
    behind.head.store(90, Ordering::SeqCst);
    assert_eq!(endpoints.head().await.expect("head").number, 100);
    chain_id().await;
    assert_eq!(first.count("eth_chainId"), 1, "two seconds of blocks are not behind");
}

#[tokio::test]
async fn a_head_is_refused_when_an_endpoint_now_silent_was_further() {
    let (ahead, behind) = (Chain::live(), Chain::live());
    behind.head.store(89, Ordering::SeqCst);
    let lagging = behind.node().await;
    let script = ahead.clone();
    let mut heads = 0;
    let leading = Node::start(move |method, params| {
        heads += 1;
        if heads > 1 { Reply::Http(ResponseTemplate::new(503)) } else { script.reply(method, params) }
    })
    .await;
    let clock = Arc::new(TestClock::default());
    let endpoints = endpoints(&[&leading, &lagging], &clock);
    assert_eq!(endpoints.head().await.expect("head").number, 100);
    let error = endpoints.head().await.expect_err("89 is old news");
    assert!(matches!(&error, ReadError::Stale(found) if found.contains("11 behind block 100")), "{error}");
    clock.advance(Duration::from_secs(31));
    assert_eq!(endpoints.head().await.expect("long ago").number, 89, "what was seen long ago is not held against it");
}

#[tokio::test]
async fn on_the_live_chain_an_old_head_is_refused_by_the_wall_clock() {
    let live = Chain::live();
    let node = live.node().await;
    let clock = TestClock::at_wall(live.head_time + 30);
    let endpoints = endpoints(&[&node], &clock);
    endpoints.verify_all(None).await.expect("live");
    endpoints.head().await.expect("half a minute is within the clock's error");
    clock.advance(Duration::from_secs(31));
    let error = endpoints.head().await.expect_err("a minute old");
    assert!(matches!(&error, ReadError::Stale(found) if found.contains("61 s old")), "{error}");
    assert_eq!(error.exit_code(), 6);
}

#[tokio::test]
async fn a_replica_may_live_in_another_time() {
    let replica = Chain::replica("one");
    let node = replica.node().await;
    let endpoints = endpoints(&[&node], &TestClock::at_wall(replica.head_time + 86_400));
    endpoints.verify_all(None).await.expect("replica");
    assert_eq!(endpoints.head().await.expect("head").timestamp, Secs(replica.head_time));
}

/// A "signed transaction" and the answer of a node that takes it.
fn raw() -> (Bytes, B256) {
    let raw = Bytes::from_static(&[2, 1, 2, 3]);
    let hash = keccak256(&raw);
    (raw, hash)
}

const SEND: &str = "eth_sendRawTransaction";

#[tokio::test]
async fn a_transaction_goes_to_two_endpoints_and_one_that_takes_it_is_enough() {
    let (raw, hash) = raw();
    let takes = Node::always(move || Reply::Result(json!(hash))).await;
    let busy = Node::always(|| refusal(-32005, "limit exceeded")).await;
    let third = Node::always(move || Reply::Result(json!(hash))).await;
    let endpoints = endpoints(&[&busy, &takes, &third], &Arc::default());
    assert_eq!(endpoints.send_raw(&raw).await, SendOutcome::Accepted);
    assert_eq!((takes.count(SEND), third.count(SEND)), (1, 0));
}

#[tokio::test]
async fn a_refusal_in_the_nodes_words_is_definite() {
    let (raw, _) = raw();
    let node = Node::always(|| refusal(-32000, "insufficient funds for gas * price + value")).await;
    let other = Node::always(|| refusal(-32000, "nonce too low: next nonce 5, tx nonce 4")).await;
    for (node, expected) in [
        (&node, Rejection::InsufficientFunds("insufficient funds for gas * price + value".to_owned())),
        (&other, Rejection::NonceTooLow("nonce too low: next nonce 5, tx nonce 4".to_owned())),
    ] {
        let endpoints = endpoints(&[node], &Arc::default());
        assert_eq!(endpoints.send_raw(&raw).await, SendOutcome::Rejected(expected));
        assert_eq!(node.count(SEND), 1);
    }
    let known = Node::always(|| refusal(-32000, "already known")).await;
    assert_eq!(endpoints(&[&known], &Arc::default()).send_raw(&raw).await, SendOutcome::AlreadyKnown);
}

#[tokio::test]
async fn silence_after_a_send_is_never_called_a_failure() {
    let (raw, _) = raw();
    let faults: [fn() -> Reply; 3] = [
        || Reply::Http(ResponseTemplate::new(504)),
        || Reply::Http(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))),
        || Reply::Result(json!(B256::ZERO)),
    ];
    for fault in faults {
        let node = Node::always(fault).await;
        let outcome = endpoints(&[&node], &Arc::default()).send_raw(&raw).await;
        assert!(matches!(outcome, SendOutcome::Ambiguous(_)), "{outcome:?}");
        assert_eq!(node.count(SEND), 2, "the identical bytes once more");
    }
    let rejecting = Node::always(|| refusal(-32000, "nonce too low")).await;
    let silent = Node::always(|| Reply::Http(ResponseTemplate::new(504))).await;
    let outcome = endpoints(&[&rejecting, &silent], &Arc::default()).send_raw(&raw).await;
    assert!(matches!(outcome, SendOutcome::Ambiguous(_)), "one says no, the other may have sent it: {outcome:?}");
}

#[tokio::test]
async fn nonce_too_low_after_silence_may_be_our_own_transaction() {
    let (raw, _) = raw();
    let mut first = true;
    let node = Node::start(move |_, _| {
        if std::mem::take(&mut first) {
            Reply::Http(ResponseTemplate::new(504))
        } else {
            refusal(-32000, "nonce too low")
        }
    })
    .await;
    let outcome = endpoints(&[&node], &Arc::default()).send_raw(&raw).await;
    assert!(matches!(&outcome, SendOutcome::Ambiguous(why) if why.contains("nonce too low")), "{outcome:?}");
}

#[tokio::test]
async fn a_range_of_events_that_is_refused_is_asked_for_in_halves() {
    let node = Node::start(|_, params| {
        let height = |name: &str| {
            let text = params[0][name].as_str().expect("a height");
            u64::from_str_radix(text.trim_start_matches("0x"), 16).expect("hex")
        };
        let (from, to) = (height("fromBlock"), height("toBlock"));
        if to - from >= 100 {
            return Reply::Error(json!({"code": -32600, "message": "block range is limited to 100 blocks"}));
        }
        let log = json!({"address": Address::ZERO, "topics": [], "data": "0x", "blockNumber": format!("0x{from:x}")});
        Reply::Result(json!([log]))
    })
    .await;
    let filter = alloy::rpc::types::Filter::new().from_block(1_000_u64).to_block(1_799_u64);
    let logs = endpoints(&[&node], &Arc::default()).logs(&filter).await.expect("all of them");
    let heights: Vec<u64> = logs.iter().filter_map(|log| log.block_number).collect();
    assert_eq!(heights, [1_000, 1_100, 1_200, 1_300, 1_400, 1_500, 1_600, 1_700]);
}

#[tokio::test]
async fn events_that_one_endpoint_does_not_find_are_looked_for_at_another() {
    let log = json!({"address": Address::ZERO, "topics": [], "data": "0x", "blockNumber": "0x1", "logIndex": "0x0"});
    let forgetful = Node::always(|| Reply::Result(json!([]))).await;
    let sound = Node::always(move || Reply::Result(json!([log]))).await;
    let endpoints = endpoints(&[&forgetful, &sound], &Arc::default());
    assert_eq!(endpoints.logs(&alloy::rpc::types::Filter::new()).await.expect("logs").len(), 1);
}

#[tokio::test]
async fn a_simulation_says_its_time_and_finds_revert_data_in_the_error_too() {
    let node = Node::start(|_, params| {
        let overrides = &params[0]["blockStateCalls"][0]["blockOverrides"];
        assert_eq!((overrides["number"].as_str(), overrides["time"].as_str()), (Some("0x65"), Some("0x3e7")));
        assert_eq!(params[1]["requireCanonical"], json!(true));
        Reply::Result(json!([{"calls": [
            {"status": "0x0", "returnData": "0x", "gasUsed": "0x5208", "logs": [],
             "error": {"code": 3, "message": "execution reverted", "data": "0x08c379a0"}},
            {"status": "0x1", "returnData": "0x01", "gasUsed": "0x5209", "logs": []},
        ]}]))
    })
    .await;
    let endpoints = endpoints(&[&node], &Arc::default());
    let at =
        BlockRef { number: 100, hash: keccak256("b"), timestamp: Secs(998), base_fee: U256::ZERO, timestamp_ms: None };
    let call = || CallRequest::new(Address::ZERO, Address::ZERO, Bytes::new());
    let calls = endpoints.simulate(&Simulation::after(at).call(call()).call(call())).await.expect("simulated");
    assert_eq!((calls[0].success, calls[0].returned.to_string()), (false, "0x08c379a0".to_owned()));
    assert_eq!((calls[1].success, calls[1].gas_used), (true, 21_001));
    let short = endpoints.simulate(&Simulation::after(at).call(call())).await;
    assert!(matches!(short, Err(ReadError::Malformed(_))), "two answers to one call: {short:?}");
}

fn block(number: u64) -> BlockRef {
    let hash = keccak256(number.to_be_bytes());
    BlockRef { number, hash, timestamp: Secs(1_790_000_000), base_fee: U256::from(5_000_000), timestamp_ms: None }
}

/// The tip of a first urgent bid in the market that the endpoints tell of.
async fn urgent_tip(endpoints: &Endpoints, number: u64) -> U256 {
    let market = endpoints.fee_market(&block(number)).await.expect("tips are a luxury");
    Bid::FIRST.tip(&market, Urgency::Urgent, &FeesConfig::default().urgent, U256::ZERO).expect("limits are amounts")
}

#[tokio::test]
async fn an_endpoint_that_keeps_silent_refuses_or_lies_about_tips_stops_no_trim() {
    let least = U256::from(100_000_000u64);
    let most = U256::from(5_000_000_000u64);
    let most_of_all = format!("{:#x}", U256::MAX);
    let absurd = json!([[most_of_all, most_of_all, most_of_all]]);
    let told = json!([["0x1", "0x2", "0x11e1a300"]]);
    let cases: [(&str, Option<serde_json::Value>, Option<serde_json::Value>, U256); 6] = [
        ("refuses both", None, None, least),
        ("tells of no rewards", Some(json!({"oldestBlock": "0x1"})), Some(json!("0x1")), least),
        ("tells nonsense", Some(json!({"reward": [["-0x5", null, {}]]})), Some(json!("much")), least),
        ("tells of absurd rewards", Some(json!({"reward": absurd})), Some(json!("0x1")), most),
        ("suggests an absurd tip", Some(json!({"reward": null})), Some(json!(most_of_all)), most),
        ("tells the truth", Some(json!({"reward": told})), Some(json!("0x1")), U256::from(0x11e1_a300)),
    ];
    for (case, history, suggested, expected) in cases {
        let node = Node::start(move |method, _| {
            let answer = if method == "eth_feeHistory" { &history } else { &suggested };
            answer.clone().map_or_else(|| refusal(-32601, "method not found"), Reply::Result)
        })
        .await;
        let endpoints = endpoints(&[&node], &Arc::default());
        assert_eq!(urgent_tip(&endpoints, 1).await, expected, "{case}");
    }
}

#[tokio::test]
async fn tips_are_asked_for_once_a_second_and_a_silent_endpoint_is_left_alone_about_them() {
    let node = Node::always(|| number(7)).await;
    let clock = Arc::new(TestClock::default());
    let asked = endpoints(&[&node], &clock);
    // Five blocks a second.
    for number in 1..=15 {
        urgent_tip(&asked, number).await;
        clock.advance(Duration::from_millis(200));
    }
    assert_eq!(node.count("eth_maxPriorityFeePerGas"), 3, "once a second");

    let silent = Node::start(|method, _| match method {
        "eth_feeHistory" => Reply::Http(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))),
        _ => number(300_000_000),
    })
    .await;
    let clock = Arc::new(TestClock::default());
    let asked = endpoints(&[&silent], &clock);
    assert_eq!(urgent_tip(&asked, 1).await, U256::from(300_000_000), "the other answer counts");
    assert_eq!(urgent_tip(&asked, 2).await, U256::from(300_000_000), "as was told a moment ago");
    clock.advance(Duration::from_secs(2));
    assert_eq!(urgent_tip(&asked, 3).await, U256::from(100_000_000), "the least tip");
    assert_eq!(silent.count("eth_feeHistory"), 1);
    clock.advance(Duration::from_secs(11));
    urgent_tip(&asked, 4).await;
    assert_eq!(silent.count("eth_feeHistory"), 2, "asked again after a while");
}

/// Code that is not deployed is an offer: an endpoint that refuses it, or answers it with something else, is asked through
/// Multicall3, and after three times in a row offered it again an hour later.
#[tokio::test]
async fn an_endpoint_that_refuses_code_is_asked_through_multicall3() {
    let refusals = [
        refusal(-32000, "contract creation is not allowed in eth_call"),
        refusal(-32603, "EVM error CreateContractSizeLimit"),
        Reply::Error(json!({"code": 3, "message": "execution reverted", "data": "0x"})),
        Reply::Result(json!("0x")),
        Reply::Result(json!("0x01ffffff")),
    ];
    for reply in refusals {
        let is_code = |params: &serde_json::Value| params.pointer("/0/to").is_none();
        let asked = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let (counted, refused) = (asked.clone(), reply.clone());
        let node = Node::start(move |_, params| {
            if is_code(params) {
                counted.fetch_add(1, Ordering::SeqCst);
                return refused.clone();
            }
            let result =
                multicall3::IMulticall3::Result { success: true, returnData: U256::from(7).to_be_bytes_vec().into() };
            let returned = multicall3::IMulticall3::aggregate3Call::abi_encode_returns(&vec![result]);
            Reply::Result(json!(Bytes::from(returned)))
        })
        .await;
        let clock = Arc::new(TestClock::default());
        let endpoints = endpoints(&[&node], &clock);
        let mut batch = Batch::new();
        let slot = batch.add(multicall3::ADDRESS, &multicall3::IMulticall3::getBlockNumberCall {});
        for _ in 0..5 {
            let answers = endpoints.read_packed(B256::ZERO, &batch).await.expect("an answer");
            assert_eq!(answers.get(slot).expect("seven"), U256::from(7), "{reply:?}");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 3, "{reply:?}");
        clock.advance(Duration::from_secs(3_600));
        for _ in 0..2 {
            let answers = endpoints.read_packed(B256::ZERO, &batch).await.expect("an answer");
            assert_eq!(answers.get(slot).expect("seven"), U256::from(7), "{reply:?}");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 4, "{reply:?}: once more, and then not for another hour");
    }
}
