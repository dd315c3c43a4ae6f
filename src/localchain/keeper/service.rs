//! The price service: what clients need for TP, SL and margin updates, in the shape of the venue's (avantis-v2.md §3.3).
//!
//! `GET /v2/pairs/{index}/price-update-data`; and for tests `GET` and `PUT /keeper/behaviour`.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tracing::warn;

use super::{behaviour::Behaviour, link::Link};
use crate::{
    localchain::{
        LocalChainError,
        venue::{PRICE_DECIMALS, Venue},
    },
    units::format_units,
};

/// What the routes share.
#[derive(Debug, Clone)]
struct Desk {
    link: Link,
    behaviour: watch::Sender<Behaviour>,
}

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// Starts the service on loopback; gives its URL and its task.
pub(super) async fn start(
    link: Link,
    behaviour: watch::Sender<Behaviour>,
    port: u16,
) -> Result<(String, JoinHandle<()>), LocalChainError> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let taken = |source| LocalChainError::PriceService { address: wanted, source };
    let listener = TcpListener::bind(wanted).await.map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    let routes = Router::new()
        .route("/v2/pairs/{index}/price-update-data", get(price_update))
        .route("/keeper/behaviour", get(behaviour_now).put(behave))
        .with_state(Desk { link, behaviour });
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            warn!(%error, "price service ended");
        }
    });
    Ok((format!("http://{address}"), task))
}

async fn price_update(State(desk): State<Desk>, Path(index): Path<u64>) -> Answer {
    let venue = Venue::get().map_err(|error| refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()))?;
    let pair = venue.pair(index).ok_or_else(|| refuse(StatusCode::NOT_FOUND, &format!("no pair {index}")))?;
    let unavailable = |error: LocalChainError| refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string());
    let price = desk.link.price(pair).await.map_err(unavailable)?;
    let update = desk.link.update(pair, price).await.map_err(unavailable)?;
    let entry = json!({ "price": format_units(price, PRICE_DECIMALS), "priceUpdateData": update });
    Ok(Json(json!({ "pro": entry, "core": entry })))
}

async fn behaviour_now(State(desk): State<Desk>) -> Json<Behaviour> {
    Json(*desk.behaviour.borrow())
}

async fn behave(State(desk): State<Desk>, Json(behaviour): Json<Behaviour>) -> Json<Behaviour> {
    desk.behaviour.send_replace(behaviour);
    Json(behaviour)
}

fn refuse(status: StatusCode, why: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": why })))
}
