//! The services against a scripted host.

use std::time::Duration;

use alloy::primitives::{Address, U256};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string, method, path, query_param},
};

use super::*;
use crate::{
    config::RpcUrl,
    perps::{
        CoinsE10, LeverageE10, PriceE10, Side,
        avantis_v2::{
            intent::IntentRequest,
            order::{LifeAction, LifeInput, MarketOutcome, OrderLife},
        },
    },
    units::{Millis, Secs},
};

const TRADER: Address = Address::repeat_byte(0xf3);

async fn services() -> (MockServer, VenueServices) {
    let server = MockServer::start().await;
    let url: RpcUrl = server.uri().parse().expect("url");
    let hosts = HostSet::new(url.clone(), url.clone(), url).expect("hosts");
    let attempts = Attempts { again: 2, pause: Duration::from_millis(1) };
    (server, VenueServices::new(hosts, Duration::from_secs(5), attempts).expect("services"))
}

fn meta() -> Value {
    json!({ "ok": true, "data": {
        "chainId": "8453",
        "addresses": {
            "tradingRouter": "0x44914408af82bc9983bbb330e3578e1105e11d4e",
            "tradingStorage": "0x8a311D7048c35985aa31C131B9A13e03a5f7422d",
            "usdc": "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
            "somethingNew": 7,
        },
        "eip712": { "trading": {
            "name": "AvantisTrading", "version": "1", "chainId": 8453,
            "verifyingContract": "0x44914408af82bC9983bbb330e3578E1105e11d4e",
        } },
        "defaults": { "executionFeeWei": "0", "intentDeadlineMs": 90000 },
    } })
}

async fn answering(at: &str, answer: ResponseTemplate) -> (MockServer, VenueServices) {
    let (server, services) = services().await;
    Mock::given(path(at)).respond_with(answer).mount(&server).await;
    (server, services)
}

#[tokio::test]
async fn metadata_is_taken_only_with_the_pinned_chain_contracts_and_domain() {
    let ask = async |change: &dyn Fn(&mut Value)| {
        let mut answer = meta();
        change(&mut answer["data"]);
        let (_server, services) = answering("/v2/meta", ResponseTemplate::new(200).set_body_json(answer)).await;
        services.meta().await.map_err(|error| error.to_string())
    };
    let taken = ask(&|_| ()).await.expect("taken");
    assert_eq!(taken, VenueMeta { execution_fee: U256::ZERO, lifetime: Millis(90_000) });
    let told = ask(&|data| data["addresses"]["tradingRouter"] = json!(TRADER.to_string())).await.expect_err("refused");
    assert!(told.contains("answer.data.addresses.tradingRouter: 0xF3") && told.contains("instead of 0x4491"), "{told}");
    let told = ask(&|data| data["eip712"]["trading"]["name"] = json!("Veranta")).await.expect_err("refused");
    assert!(told.contains("domain.name: Veranta instead of AvantisTrading"), "{told}");
    let told = ask(&|data| data["chainId"] = json!(1)).await.expect_err("refused");
    assert!(told.contains("answer.data.chainId: 1 instead of 8453"), "{told}");
    let told = ask(&|data| drop(data["addresses"].as_object_mut().expect("object").shift_remove("tradingRouter")));
    assert_eq!(told.await.expect_err("refused"), "metadata: answer.data.addresses.tradingRouter: missing");
}

#[tokio::test]
async fn answers_that_are_none_are_told_as_what_they_are() {
    let ask = async |answer: ResponseTemplate| {
        let (_server, services) = answering("/v2/meta", answer).await;
        services.meta().await.expect_err("an error")
    };
    let geo = ask(ResponseTemplate::new(451).set_body_json(json!({ "message": "not here" }))).await;
    assert!(matches!(geo, VenueServiceError::Geo { .. }) && geo.to_string().contains("451"), "{geo}");
    let geo = json!({ "ok": false, "error": { "code": "GEO_RESTRICTED", "message": "no" } });
    assert!(matches!(ask(ResponseTemplate::new(200).set_body_json(geo)).await, VenueServiceError::Geo { .. }));
    let slow = ask(ResponseTemplate::new(429).insert_header("Retry-After", "3600")).await;
    assert!(slow.to_string().contains("to be asked again after 3600 s"), "{slow}");
    let page = ask(ResponseTemplate::new(200).set_body_string("<html><body>down\u{1b}[31m")).await;
    assert!(page.to_string().contains("not JSON but begins with `<html><body>"), "{page}");
    assert!(!page.to_string().contains('\u{1b}'), "nothing of it reaches the terminal");
    let list = ask(ResponseTemplate::new(400).set_body_json(json!({ "message": ["a is bad", "b too"] }))).await;
    assert_eq!(list.to_string(), "metadata: refused (400): a is bad; b too");
    let large = ask(ResponseTemplate::new(200).set_body_string(" ".repeat((8 << 20) + 1))).await;
    assert!(matches!(large, VenueServiceError::TooLarge { .. }), "{large}");
    let moved = ask(ResponseTemplate::new(302).insert_header("Location", "http://127.0.0.1:1/")).await;
    assert!(matches!(moved, VenueServiceError::Refused { status: 302, .. }), "no redirect is followed: {moved}");
}

#[tokio::test]
async fn a_read_is_tried_again_and_a_change_never_is() {
    let (server, services) = services().await;
    Mock::given(path("/v2/meta")).respond_with(ResponseTemplate::new(503)).up_to_n_times(2).mount(&server).await;
    Mock::given(path("/v2/meta")).respond_with(ResponseTemplate::new(200).set_body_json(meta())).mount(&server).await;
    services.meta().await.expect("the third time");
    Mock::given(method("PUT")).respond_with(ResponseTemplate::new(503)).expect(1).mount(&server).await;
    let request = IntentRequest { method: "PUT", path: "/core/price-triggers/x".to_owned(), body: "{}".to_owned() };
    let failed = services.send_levels(&request).await.expect_err("down");
    assert!(!failed.is_refusal(), "it may have been taken: {failed}");
}

#[tokio::test]
async fn positions_are_read_with_what_is_missing_named_and_nobody_elses() {
    let ask = async |answer: Value| {
        let (server, services) = services().await;
        let found = ResponseTemplate::new(200).set_body_json(answer);
        let of = query_param("trader", TRADER.to_checksum(None));
        Mock::given(path("/core/user-data")).and(of).respond_with(found).mount(&server).await;
        services.positions(TRADER).await.map_err(|error| error.to_string())
    };
    let position = json!({
        "trader": TRADER.to_string().to_lowercase(), "pairIndex": 0, "index": "2", "buy": false, "collateral": "249437500",
        "leverage": "50000000000", "openPrice": "25679800000000", "sl": "26000000000000", "unrealisedFundingFee": "-50000",
        "openedAt": 1_791_439_572, "somethingNew": [1],
    });
    let read = ask(json!({ "positions": [position], "limitOrders": null })).await.expect("read");
    let [one] = &read.positions[..] else { panic!("{read:?}") };
    assert_eq!((one.index, one.side, one.funding.to_string()), (2, Side::Short, "-0.05".to_owned()));
    assert_eq!((one.target, one.opened), (PriceE10::ZERO, Some(Secs(1_791_439_572))));
    assert_eq!(ask(json!({})).await, Ok(TraderPositions::default()));
    let without = |name: &str| {
        let mut position = position.clone();
        position.as_object_mut().expect("object").shift_remove(name);
        json!({ "positions": [position] })
    };
    assert_eq!(
        ask(without("leverage")).await.expect_err("refused"),
        "positions: answer.positions[0].leverage: missing"
    );
    let mut other = json!({ "positions": [position] });
    other["positions"][0]["trader"] = json!(Address::ZERO.to_string());
    assert!(ask(other).await.expect_err("refused").contains("answer.positions[0].trader: 0xF3"));
    let mut hex = json!({ "positions": [position] });
    hex["positions"][0]["collateral"] = json!("0x10");
    assert!(ask(hex).await.expect_err("refused").contains("a whole number is expected, not \"0x10\""));
    assert!(ask(json!([])).await.expect_err("refused").contains("an object is expected"));
}

fn spread_ask() -> SpreadAsk {
    SpreadAsk {
        pair: 0,
        trader: Address::ZERO,
        coins: CoinsE10(U256::from(4_867_601_246u64)),
        side: Side::Long,
        opens: true,
        leverage: LeverageE10(U256::from(50_000_000_000u64)),
        price: PriceE10(U256::from(25_680_000_000_000u64)),
    }
}

#[tokio::test]
async fn no_quote_is_never_a_spread_of_nothing() {
    let ask = async |answer: ResponseTemplate| {
        let (server, services) = services().await;
        let asked = concat!(
            r#"{"pairIndex":0,"trader":"0x0000000000000000000000000000000000000000","coinSize10":"4867601246","isLong":true,"#,
            r#""isOpen":true,"orderType":0,"wantedPrice10":"25680000000000","leverage10":"50000000000"}"#
        );
        Mock::given(path("/risk/v2/spread")).and(body_string(asked)).respond_with(answer).mount(&server).await;
        services.spread(&spread_ask()).await.map(|spread| spread.0.to_string()).map_err(|error| error.to_string())
    };
    let both = json!({ "spreadPctWithoutFlow10": "100000000", "estimatedSpreadPctWithFlow10": "120000000" });
    assert_eq!(ask(ResponseTemplate::new(201).set_body_json(both)).await.as_deref(), Ok("0.012"));
    let one = json!({ "spreadPctWithoutFlow10": "100000000", "estimatedSpreadPctWithFlow10": null });
    assert_eq!(ask(ResponseTemplate::new(201).set_body_json(one)).await.as_deref(), Ok("0.01"));
    let none = ask(ResponseTemplate::new(200).set_body_json(json!({}))).await.expect_err("refused");
    assert_eq!(none, "spread: answer.spreadPctWithoutFlow10: missing");
    let blocked = ResponseTemplate::new(403).set_body_json(json!({ "message": "market closed" }));
    assert_eq!(ask(blocked).await.expect_err("refused"), "spread: refused (403): market closed");
}

const ACCEPTED: &str = "retry: 3000\n: hi\n\nid: 0\nevent: MarketOrderAccepted\ndata: {\"trackingId\":\"t/1\"}\n\n";

fn order() -> IntentRequest {
    let path = "/batched-market/market/execute-batched".to_owned();
    IntentRequest { method: "POST", path, body: r#"{"orderType":0}"#.to_owned() }
}

/// Posts and follows an order until the chain would be asked, or it is over.
async fn follow(services: &VenueServices) -> (LifeAction, OrderLife) {
    let mut life = OrderLife::recorded(Millis(1_000_000));
    let mut action = life.take(LifeInput::Begun);
    let mut stream = None;
    loop {
        let inputs = match &action {
            LifeAction::Post => match services.post_order(&order()).await {
                Ok(mut opened) => {
                    let first = opened.next().await;
                    stream = Some(opened);
                    vec![first]
                }
                Err((input, _)) => vec![input],
            },
            LifeAction::Listen => vec![stream.as_mut().expect("a stream").next().await],
            LifeAction::Poll { tracking, after } => services.order_status(tracking, *after).await.0,
            LifeAction::ReadChain | LifeAction::Done(_) => return (action, life),
        };
        for input in inputs {
            action = life.take(input);
        }
    }
}

#[tokio::test]
async fn a_stream_is_followed_to_the_fill() {
    let (server, services) = services().await;
    let events = format!("{ACCEPTED}: hb\n\nid: 1\nevent: MarketOrderExecuted\ndata: {{\"orderId\":9}}\n\n");
    let stream = ResponseTemplate::new(201).set_body_raw(events, "text/event-stream");
    Mock::given(method("POST")).and(body_string(order().body)).respond_with(stream).expect(1).mount(&server).await;
    let (done, _) = follow(&services).await;
    assert!(matches!(done, LifeAction::Done(MarketOutcome::Filled(_))), "{done:?}");
}

#[tokio::test]
async fn a_stream_that_ends_early_is_replayed_from_what_was_seen_and_nothing_is_posted_again() {
    for rest in [
        "",
        "id: 1\nevent: MarketOrderExecuted\ndata: {broken\n\n",
        "event: Error\ndata: {\"code\":\"STREAM_TIMEOUT\"}\n\n",
    ] {
        let (server, services) = services().await;
        let stream = ResponseTemplate::new(200).set_body_raw(format!("{ACCEPTED}{rest}"), "text/event-stream");
        Mock::given(method("POST")).respond_with(stream).expect(1).mount(&server).await;
        let status = || {
            Mock::given(method("GET"))
                .and(path("/batched-market/tracking-id/t%2F1/status"))
                .and(query_param("afterSeq", "0"))
        };
        let none = ResponseTemplate::new(200).set_body_json(json!({ "events": null }));
        status().respond_with(none).up_to_n_times(1).mount(&server).await;
        let end =
            json!({ "events": [{ "seq": 2, "type": "MarketOrderCanceled", "payload": { "reason": "slippage" } }] });
        status().respond_with(ResponseTemplate::new(200).set_body_json(end)).mount(&server).await;
        let (done, _) = follow(&services).await;
        let cancelled = MarketOutcome::Cancelled { reason: Some("slippage".to_owned()) };
        assert_eq!(done, LifeAction::Done(cancelled), "{rest}");
    }
}

#[tokio::test]
async fn an_order_without_an_answer_is_left_to_the_chain_and_a_refused_one_is_over() {
    for status in [500, 503, 429] {
        let (server, services) = services().await;
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(status)).expect(1).mount(&server).await;
        assert_eq!(follow(&services).await.0, LifeAction::ReadChain, "{status}");
    }
    let (server, services) = services().await;
    let refusal = ResponseTemplate::new(400).set_body_json(json!({ "message": "deadline passed" }));
    Mock::given(method("POST")).respond_with(refusal).mount(&server).await;
    let (done, _) = follow(&services).await;
    let reason = "market orders: refused (400): deadline passed".to_owned();
    assert_eq!(done, LifeAction::Done(MarketOutcome::Rejected { reason }));
    // An unknown name after acceptance.
    let (server, services) = self::services().await;
    let stream = ResponseTemplate::new(200).set_body_raw(ACCEPTED, "text/event-stream");
    Mock::given(method("POST")).respond_with(stream).mount(&server).await;
    assert_eq!(follow(&services).await.0, LifeAction::ReadChain, "404");
}
