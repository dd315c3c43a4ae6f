//! All routes of the double on one plain origin, and the faults before them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use tracing::warn;

use super::{blitz, calldata, context::Context, core, faults::Faults, market, reads, tx_builder};
use crate::localchain::{LocalChainError, keeper::Behaviour};

/// Starts the services on loopback; gives their URL and their task.
pub(super) async fn start(context: Context, port: u16) -> Result<(String, JoinHandle<()>), LocalChainError> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let taken = |source| LocalChainError::PriceService { address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    let routes = routes(context);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            warn!(%error, "services ended");
        }
    });
    Ok((format!("http://{address}"), task))
}

fn routes(context: Context) -> Router {
    Router::new()
        .route("/v2/meta", get(tx_builder::meta))
        .route("/v2/intents/{kind}", get(tx_builder::intent).post(tx_builder::intent))
        .route("/v2/{group}/{kind}", get(calldata::calldata).post(calldata::calldata))
        .route("/v2/{what}", get(tx_builder::read).post(tx_builder::read))
        .route("/v2/pairs/{index}/price-update-data", get(reads::price_update))
        .route("/v2/history/{*rest}", get(reads::history))
        .route("/v1/history/{*rest}", get(reads::history))
        .route("/v1/stream", get(reads::stream_prices))
        .route("/data/v2/trading", get(reads::trading))
        .route("/risk/v2/spread", post(reads::spread))
        .route("/core/user-data", get(core::user_data))
        .route("/core/price-triggers", post(core::create).delete(core::cancel))
        .route("/core/price-triggers/{id}", put(core::update))
        .route("/batched-market/market/execute-batched", post(market::execute))
        .route("/batched-market/tracking-id/{id}/status", get(market::status))
        .route("/blitz/relays", post(blitz::relay))
        .route("/blitz/relays/{id}", get(blitz::outcome))
        .route("/twap/{*rest}", get(no_twap).post(no_twap))
        .route("/keeper/behaviour", get(behaviour).put(behave))
        .route("/venue/faults", get(faults).put(misbehave))
        .layer(from_fn_with_state(context.clone(), suffer))
        .with_state(context)
}

/// What every request suffers before, or instead of, its answer.
async fn suffer(State(context): State<Context>, request: Request, next: Next) -> Response {
    let mut hit = None;
    let path = request.uri().path().to_owned();
    context.faults.send_modify(|faults| hit = faults.take(&path));
    let Some(fault) = hit else { return next.run(request).await };
    tokio::time::sleep(Duration::from_millis(fault.latency.0)).await;
    if let Some(status) = fault.status {
        return failed(&fault, status);
    }
    let answer = next.run(request).await;
    if fault.lose_answer { market::lost(&fault) } else { answer }
}

fn failed(fault: &Faults, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let code = match status.as_u16() {
        429 => "RATE_LIMITED",
        451 => "GEO_RESTRICTED",
        502..=504 => "UPSTREAM_ERROR",
        _ => "INTERNAL_ERROR",
    };
    let mut answer = match &fault.body {
        Some(body) => (status, body.clone()).into_response(),
        None => {
            let why = "on request";
            let body = json!({ "ok": false, "error": { "code": code, "message": why }, "message": why });
            (status, Json(body)).into_response()
        }
    };
    if let Some(seconds) = fault.retry_after {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

async fn no_twap() -> Response {
    let why = "the local venue has no TWAP orders";
    (StatusCode::NOT_IMPLEMENTED, Json(json!({ "message": why }))).into_response()
}

async fn behaviour(State(context): State<Context>) -> Json<Behaviour> {
    Json(*context.behaviour.borrow())
}

async fn behave(State(context): State<Context>, Json(behaviour): Json<Behaviour>) -> Json<Behaviour> {
    context.behaviour.send_replace(behaviour);
    Json(behaviour)
}

async fn faults(State(context): State<Context>) -> Json<Faults> {
    Json(context.faults.borrow().clone())
}

async fn misbehave(State(context): State<Context>, Json(faults): Json<Faults>) -> Json<Faults> {
    context.faults.send_replace(faults.clone());
    Json(faults)
}
