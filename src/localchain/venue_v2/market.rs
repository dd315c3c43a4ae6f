//! Market execution: signed orders in, their events out as a stream or as a replay (avantis-v2.md).

use std::{convert::Infallible, sync::Arc, time::Duration};

use alloy::{primitives::U256, sol_types::SolEvent};
use axum::{
    body::{Body, Bytes},
    extract::{Path, RawQuery, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::{
    abi::{IV2Router, IV2StandIn},
    context::Context,
    faults::{Faults, StreamFault},
    http::{Answer, Parameters, Refused, plain},
    link::{Intent, Mined, Refusal, Signed, text},
    tracking::{Event, TrackedOrder},
};
use crate::localchain::keeper::Conduct;

/// Order types that the service takes, and the bytes of their intents.
const ACCEPTED: [(u8, usize); 10] =
    [(0, 480), (1, 256), (6, 480), (7, 256), (9, 288), (12, 576), (13, 576), (14, 384), (15, 256), (16, 256)];
/// How long a stream lasts at most, and how often it says that it lives.
const STREAM_LASTS: Duration = Duration::from_secs(60);
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Frames that may wait for a slow reader.
const FRAMES: usize = 64;

/// `POST /batched-market/market/execute-batched`. Of what comes with an intent for another kind of account nothing is
/// done: both would fill it twice.
pub(super) async fn execute(State(context): State<Context>, body: Bytes) -> Answer {
    let parameters = Parameters::read(None, &body)?;
    let intent = intent_of(&parameters)?;
    let deadline = intent.word(deadline_word(intent.order_type)) / U256::from(1_000);
    if deadline < U256::from(context.link.now().await?.0) {
        return Err(Refused::bad("InvalidDeadline: the deadline has passed"));
    }
    let (order, new) = context.tracking.take_in(&intent);
    if new {
        info!(id = order.id, order_type = intent.order_type, "order accepted");
        tokio::spawn(carry_out(context.clone(), order.clone(), intent));
    }
    let fault = context.faults.borrow().stream;
    Ok(streamed(order, fault))
}

/// `GET /batched-market/tracking-id/{id}/status`.
pub(super) async fn status(
    State(context): State<Context>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let parameters = Parameters::read(query.as_deref(), &Bytes::new())?;
    let order = context.tracking.find(&id).ok_or_else(|| Refused::missing(format!("unknown trackingId {id}")))?;
    let after = parameters.find("afterSeq").and_then(|text| text.parse().ok());
    plain(order.replay(after))
}

fn intent_of(parameters: &Parameters) -> Result<Intent, Refused> {
    let order_type: u8 =
        parameters.get("orderType")?.parse().map_err(|_| Refused::bad("orderType must be a number"))?;
    let part = parameters.raw("erc712").ok_or_else(|| Refused::bad("erc712 is missing"))?;
    let bytes = |name: &str| -> Result<alloy::primitives::Bytes, Refused> {
        let text = part.get(name).and_then(Value::as_str);
        text.and_then(|text| text.parse().ok()).ok_or_else(|| Refused::bad(format!("erc712.{name} must be hex")))
    };
    let intent = Intent { order_type, encoded: bytes("userIntent")?, signature: bytes("userSignature")? };
    let Some((_, size)) = ACCEPTED.iter().find(|(known, _)| *known == order_type) else {
        return Err(Refused::bad(format!("orderType {order_type} is not one of this service's")));
    };
    if intent.encoded.len() != *size {
        return Err(Refused::bad(format!("erc712.userIntent must have {size} bytes for orderType {order_type}")));
    }
    if intent.signature.len() != 65 {
        return Err(Refused::bad("erc712.userSignature must have 65 bytes"));
    }
    Ok(intent)
}

/// Where the deadline stands (the words of each kind).
const fn deadline_word(order_type: u8) -> usize {
    match order_type {
        0 | 6 => 13,
        12 | 13 => 16,
        9 => 7,
        14 => 10,
        _ => 6,
    }
}

async fn carry_out(context: Context, order: Arc<TrackedOrder>, intent: Intent) {
    let behaviour = *context.behaviour.borrow();
    tokio::time::sleep(Duration::from_millis(behaviour.delay.0)).await;
    match behaviour.conduct {
        Conduct::Stop => return,
        Conduct::Refuse => {
            let trader = alloy::primitives::Address::from_word(intent.word(0).into());
            let pair = intent.word(1).saturating_to::<u64>();
            let payload = json!({ "trader": trader.to_checksum(None), "pairIndex": pair, "reason": "REFUSED" });
            return order.tell("MarketOrderCanceled", payload);
        }
        Conduct::Execute => {}
    }
    // Behaviour has the price with 8 decimals.
    let price = behaviour.price.map(|price| price.saturating_mul(U256::from(100)));
    match context.link.bring(Signed::Order, &intent, price).await {
        Ok(mined) => tell_of(&order, &mined, &context).await,
        Err(refusal) => {
            let (code, why) = (refusal.code(), format!("{refusal:?}"));
            warn!(id = order.id, code, why, "order refused");
            let status = if matches!(refusal, Refusal::Contract(_)) { 400 } else { 502 };
            let failed = json!({ "attempt": 1, "code": code, "message": code, "willRetry": false });
            order.tell("AttemptFailed", failed);
            let error = json!({ "status": status, "code": code, "message": code, "trackingId": order.id });
            order.tell("Error", error);
        }
    }
}

/// Tells the events of a filled order: what was registered, and the outcome.
async fn tell_of(order: &TrackedOrder, mined: &Mined, context: &Context) {
    let hash = mined.transaction_hash;
    for log in &mined.logs {
        let log = &log.inner;
        if let Ok(event) = IV2Router::MarketOrderInitiated::decode_log(log) {
            let payload = json!({
                "orderId": text(event.orderId), "trader": event.trader.to_checksum(None),
                "pairIndex": event.pairIndex.saturating_to::<u64>(), "open": event.open, "isBuy": event.isBuy,
                "isPnl": event.isPnl, "transactionHash": hash,
            });
            order.tell("MarketOrderInitiated", payload);
        } else if let Ok(event) = IV2StandIn::IncreasePositionRequested::decode_log(log) {
            let payload = json!({
                "orderId": text(event.orderId), "trader": event.trader.to_checksum(None),
                "pairIndex": event.pairIndex.saturating_to::<u64>(), "index": event.index.saturating_to::<u64>(),
                "isBuy": event.isBuy, "isPnl": event.isPnl, "addedCollateral": text(event.addedCollateral),
                "coinExposure": text(event.coinExposure), "isCoinExposureFixed": event.isCoinExposureFixed,
                "transactionHash": hash,
            });
            order.tell("IncreasePositionRequested", payload);
        } else if let Ok(event) = IV2Router::MarketExecuted::decode_log(log) {
            let t = &event.t;
            let trade = trade(&[
                ("initialPosToken", t.initialPosToken),
                ("positionSizeUSDC", t.positionSizeUSDC),
                ("openPrice", t.openPrice),
                ("leverage", t.leverage),
                ("tp", t.tp),
                ("sl", t.sl),
            ]);
            let trade = who(trade, t.trader, t.pairIndex, t.index, t.buy, t.timestamp);
            let payload = json!({
                "orderId": text(event.orderId), "open": event.open, "price": text(event.price),
                "positionSizeUSDC": text(event.positionSizeUSDC), "percentProfit": text(event.percentProfit),
                "usdcSentToTrader": text(event.usdcSentToTrader), "isPnl": event.isPnl,
                "coinExposure": text(event.coinExposure), "isCoinExposureFixed": event.isCoinExposureFixed,
                "t": trade, "transactionHash": hash,
            });
            order.tell("MarketOrderExecuted", payload);
        } else if let Ok(event) = IV2StandIn::PositionSizeIncreased::decode_log(log) {
            let Ok(position) = context.link.position(event.trader, event.pairIndex, event.index).await else {
                // The outcome stands, whether it can be shown in full or not.
                order.tell("PositionSizeIncreased", json!({ "orderId": text(event.orderId), "transactionHash": hash }));
                continue;
            };
            let trade = trade(&[
                ("initialPosToken", position.collateral),
                ("positionSizeUSDC", position.timestamp),
                ("openPrice", position.openPrice),
                ("leverage", position.leverage),
                ("tp", position.tp),
                ("sl", position.sl),
            ]);
            let (pair, index) = (event.pairIndex, event.index);
            let trade = who(trade, event.trader, pair, index, position.buy, position.timestamp);
            let payload = json!({
                "orderId": text(event.orderId), "isPnl": event.isPnl,
                "coinExposureAdded": text(event.coinExposureAdded),
                "isCoinExposureFixed": event.isCoinExposureFixed, "t": trade, "transactionHash": hash,
            });
            order.tell("PositionSizeIncreased", payload);
        }
    }
}

fn trade(figures: &[(&str, U256)]) -> Value {
    Value::Object(figures.iter().map(|(name, figure)| ((*name).to_owned(), text(figure))).collect())
}

fn who(
    mut trade: Value,
    trader: alloy::primitives::Address,
    pair: U256,
    index: U256,
    buy: bool,
    timestamp: U256,
) -> Value {
    trade["trader"] = json!(trader.to_checksum(None));
    trade["pairIndex"] = json!(pair.saturating_to::<u64>());
    trade["index"] = json!(index.saturating_to::<u64>());
    trade["buy"] = json!(buy);
    trade["timestamp"] = json!(timestamp.saturating_to::<u64>());
    trade
}

/// The answer to an order: its events as they come, until the last of them.
fn streamed(order: Arc<TrackedOrder>, fault: Option<StreamFault>) -> Response {
    let (frames, read) = mpsc::channel::<String>(FRAMES);
    tokio::spawn(async move {
        // A reader that has gone is no fault of the order's.
        let _ = write(&order, fault, &frames).await;
    });
    let body = stream::unfold(read, |mut read| async move {
        read.recv().await.map(|frame| (Ok::<_, Infallible>(Bytes::from(frame)), read))
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

async fn write(
    order: &TrackedOrder,
    fault: Option<StreamFault>,
    frames: &mpsc::Sender<String>,
) -> Result<(), mpsc::error::SendError<String>> {
    frames.send("retry: 3000\n: connected\n\n".to_owned()).await?;
    let mut events = order.watch();
    let mut shown = 0_usize;
    let ends = tokio::time::sleep(STREAM_LASTS);
    tokio::pin!(ends);
    loop {
        let all = events.borrow_and_update().clone();
        let last = all.last().is_some_and(Event::is_last);
        let mut fresh: Vec<(usize, Event)> = all.iter().cloned().enumerate().skip(shown).collect();
        if fault == Some(StreamFault::Reordered) {
            // All at once when the outcome is there, the outcome first.
            fresh = if last {
                fresh.into_iter().rev().collect()
            } else {
                fresh.into_iter().take(1 - shown.min(1)).collect()
            };
        }
        shown = shown.saturating_add(fresh.len());
        for (number, event) in fresh {
            for frame in frames_of(number, &event, fault) {
                frames.send(frame).await?;
            }
        }
        match fault {
            Some(StreamFault::CutAfterAccepted) => return Ok(()),
            Some(StreamFault::Timeout) => return frames.send(timeout()).await,
            Some(StreamFault::Silence) => return silence(frames).await,
            _ if last => return Ok(()),
            _ => {}
        }
        tokio::select! {
            changed = events.changed() => if changed.is_err() { return Ok(()) },
            () = tokio::time::sleep(HEARTBEAT) => frames.send(": hb\n\n".to_owned()).await?,
            () = &mut ends => return frames.send(timeout()).await,
        }
    }
}

/// Holds the connection without a word until its reader goes.
async fn silence(frames: &mpsc::Sender<String>) -> Result<(), mpsc::error::SendError<String>> {
    frames.closed().await;
    Ok(())
}

fn frames_of(number: usize, event: &Event, fault: Option<StreamFault>) -> Vec<String> {
    let mut payload = event.payload.clone();
    let mut id = number;
    if fault == Some(StreamFault::WrongIds) {
        id = number.saturating_add(7);
        if payload.get("trackingId").is_some() {
            payload["trackingId"] = json!("local-of-another-order");
        }
    }
    let frame = format!("id: {id}\nevent: {}\ndata: {payload}\n\n", event.kind);
    match fault {
        Some(StreamFault::Duplicates) => vec![frame.clone(), frame],
        Some(StreamFault::BrokenFrames) => vec![format!("event: {}\ndata: {{\"orderId\":\n\n", event.kind), frame],
        _ => vec![frame],
    }
}

/// Without an id, as it is no outcome.
fn timeout() -> String {
    let payload = json!({ "status": 504, "code": "STREAM_TIMEOUT", "message": "the stream has lasted long enough" });
    format!("event: Error\ndata: {payload}\n\n")
}

/// A stream that breaks before its first byte.
pub(super) fn lost(_: &Faults) -> Response {
    let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost on request")) });
    ([(CONTENT_TYPE, "application/json")], Body::from_stream(broken)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_own_timeout_has_no_id() {
        assert!(!timeout().contains("id:"));
    }

    #[test]
    fn a_broken_frame_comes_beside_the_true_one() {
        let event = Event { kind: "MarketOrderAccepted", payload: json!({ "trackingId": "t" }) };
        let frames = frames_of(0, &event, Some(StreamFault::BrokenFrames));
        assert_eq!(frames.len(), 2);
        assert!(frames[1].contains("data: {\"trackingId\":\"t\"}"));
        assert!(frames_of(0, &event, Some(StreamFault::WrongIds))[0].starts_with("id: 7"));
    }

    #[test]
    fn an_intent_has_the_size_of_its_kind() {
        let body = |order_type: u8, words: usize| {
            let value = json!({ "orderType": order_type, "erc712": {
                "userIntent": format!("0x{}", "00".repeat(32 * words)), "userSignature": format!("0x{}", "11".repeat(65)),
            } });
            Parameters::read(None, &Bytes::from(value.to_string())).expect("parameters")
        };
        assert!(intent_of(&body(0, 15)).is_ok());
        assert!(intent_of(&body(0, 14)).is_err());
        assert!(intent_of(&body(5, 7)).is_err());
    }
}
