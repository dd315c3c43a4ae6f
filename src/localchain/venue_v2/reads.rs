//! Pairs, prices, spread quotes and history (avantis-v2.md).

use std::{convert::Infallible, time::Duration};

use alloy::primitives::{I256, U256};
use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, RawQuery, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
};
use futures_util::stream;
use serde_json::{Map, Value, json};

use super::{
    context::Context,
    http::{Answer, Parameters, Refused, plain},
    pairs::{Listing, Listings},
};
use crate::units::format_units;

/// How often the price stream looks for a change, and how often it says that it lives.
const PRICE_TICK: Duration = Duration::from_millis(200);
const HEARTBEAT_TICKS: u32 = 150;

/// `GET /data/v2/trading`: the snapshot, human units.
pub(super) async fn trading(State(context): State<Context>) -> Answer {
    let listings = Listings::get()?;
    let mut pairs = Map::new();
    let mut total = U256::ZERO;
    let mut groups: Vec<U256> = vec![U256::ZERO; listings.groups.len()];
    for pair in &listings.pairs {
        let state = context.link.pair(pair.index).await?;
        let open = state.exposure.long.saturating_add(state.exposure.short);
        total = total.saturating_add(open);
        if let Some(group) = usize::try_from(pair.group).ok().and_then(|index| groups.get_mut(index)) {
            *group = group.saturating_add(open);
        }
        pairs.insert(pair.index.to_string(), shown(pair, &state));
    }
    let limit = U256::from(listings.max_open_interest);
    let mut group_info = Map::new();
    for (index, ((name, share), open)) in listings.groups.iter().zip(groups).enumerate() {
        let most = limit.saturating_mul(U256::from(*share)) / U256::from(100);
        let info = json!({
            "name": name, "groupMaxOI": usdc(most), "groupOI": usdc(open), "maxOpenInterestP": share,
            "isSpreadDynamic": false,
        });
        group_info.insert(index.to_string(), info);
    }
    plain(json!({
        "dataVersion": 3, "pairInfos": pairs, "groupInfo": group_info, "pairCount": listings.pairs.len(),
        "maxTradesPerPair": listings.max_trades_per_pair, "totalOi": usdc(total), "maxOpenInterest": usdc(limit),
    }))
}

fn shown(pair: &Listing, state: &super::abi::IV2StandIn::PairState) -> Value {
    let (kept, open) = (&state.pair, &state.exposure);
    let [least, most, upside_least, upside_most] = pair.leverages.map(|leverage| e10(U256::from(leverage)));
    let shares = |part: fn(&(u64, u64)) -> u64| -> Vec<Value> {
        pair.profit_shares.iter().map(|tier| e10(U256::from(part(tier)))).collect()
    };
    let most_open = usdc(kept.maxOpenInterest);
    json!({
        "index": pair.index, "from": pair.from, "to": "USD", "groupIndex": pair.group, "isPairListed": kept.listed,
        "leverages": {
            "minLeverage": least, "maxLeverage": most, "pnlMinLeverage": upside_least, "pnlMaxLeverage": upside_most,
        },
        "minLevPosUSDC": usdc(kept.minPosition), "spreadP": e10(kept.spreadP), "pnlSpreadP": e10(kept.spreadP),
        "additionalPairParams2": {
            "openMakerFeeP": e10(kept.fees.openMakerP), "openTakerFeeP": e10(kept.fees.openTakerP),
            "closeMakerFeeP": e10(kept.fees.closeMakerP), "closeTakerFeeP": e10(kept.fees.closeTakerP),
            "closeOnlyMode": kept.closeOnly,
        },
        "openInterest": { "long": usdc(open.long), "short": usdc(open.short) },
        "coinOI": { "long": e10(open.coinLong), "short": e10(open.coinShort) },
        "pairMaxOI": most_open, "pairOI": usdc(open.long.saturating_add(open.short)),
        "maxWalletOI": usdc(kept.maxWalletOpenInterest),
        "liquidity": { "buy": most_open, "sell": most_open },
        "values": {
            "maxGainP": whole(kept.maxGainP), "maxSlP": whole(kept.maxSlP), "maxLongOiP": whole(kept.maxLongP),
            "maxShortOiP": whole(kept.maxShortP), "groupOpenInterestPercentageP": 100,
        },
        "marginFee": { "long": e10(kept.marginLong), "short": e10(kept.marginShort) },
        "fundingRate": { "long": signed(kept.fundingLong), "short": signed(kept.fundingShort) },
        "pnlFees": { "tierP": shares(|tier| tier.0), "feesP": shares(|tier| tier.1) },
        "storagePairParams": { "isPnlTypeAllowed": u8::from(kept.isPnl) },
        "feed": {
            "feedId": pair.feed_id, "maxOpenDeviationP": 1, "maxCloseDeviationP": 50,
            "attributes": { "isOpen": kept.isOpen, "nextOpen": 0, "nextClose": 0, "assetType": "crypto" },
        },
        "lazerFeed": { "feedId": pair.lazer_feed, "exponent": -8, "state": "stable" },
        "lossProtectionMultiplier": {},
    })
}

/// `GET /v2/pairs/{index}/price-update-data`.
pub(super) async fn price_update(State(context): State<Context>, Path(index): Path<u64>) -> Answer {
    let pair = Listings::get()?.pair(index).ok_or_else(|| Refused::missing(format!("no pair {index}")))?;
    let price = context.link.price(pair).await?;
    let update = context.link.update(pair, price).await?;
    let entry = json!({ "price": format_units(price, 10), "priceUpdateData": update });
    plain(json!({ "pro": entry, "core": entry }))
}

/// `GET /v1/stream`: prices as they change, for as long as somebody reads.
pub(super) async fn stream_prices(State(context): State<Context>, RawQuery(query): RawQuery) -> Answer {
    let wanted = feeds_of(query.as_deref().unwrap_or_default());
    let mut pairs: Vec<&'static Listing> = Vec::new();
    for pair in &Listings::get()?.pairs {
        let known = pairs.iter().any(|known| known.lazer_feed == pair.lazer_feed);
        if wanted.contains(&pair.lazer_feed) && !known {
            pairs.push(pair);
        }
    }
    if pairs.is_empty() {
        return Err(Refused::bad("`price_feed_ids` names no feed of a listed pair"));
    }
    let start = Prices { context, pairs, last: Vec::new(), quiet: HEARTBEAT_TICKS };
    let body = stream::unfold(start, |mut prices| async move {
        let frame = prices.next().await;
        Some((Ok::<_, Infallible>(Bytes::from(frame)), prices))
    });
    Ok(([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response())
}

/// The prices of a stream and what it told last.
struct Prices {
    context: Context,
    pairs: Vec<&'static Listing>,
    last: Vec<U256>,
    quiet: u32,
}

impl Prices {
    /// The next frame: a change, or a sign of life.
    async fn next(&mut self) -> String {
        loop {
            let mut now = Vec::new();
            for pair in &self.pairs {
                // A node that does not answer has no price; the stream goes on when it does.
                now.extend(self.context.link.price(pair).await.ok());
            }
            if now != self.last && now.len() == self.pairs.len() {
                self.quiet = 0;
                self.last.clone_from(&now);
                return self.frame(&now).await;
            }
            self.quiet = self.quiet.saturating_add(1);
            tokio::time::sleep(PRICE_TICK).await;
            if self.quiet >= HEARTBEAT_TICKS {
                self.quiet = 0;
                return ": hb\n\n".to_owned();
            }
        }
    }

    async fn frame(&self, prices: &[U256]) -> String {
        let feeds: Vec<Value> = self
            .pairs
            .iter()
            .zip(prices)
            .map(|(pair, price)| {
                let price = (*price / U256::from(100)).to_string();
                json!({
                    "priceFeedId": pair.lazer_feed, "price": price, "exponent": -8,
                    "bestBidPrice": price, "bestAskPrice": price, "confidence": "0",
                })
            })
            .collect();
        let time = self.context.link.now().await.map_or(0, |now| now.0).saturating_mul(1_000_000);
        let data = json!({ "timestampUs": time.to_string(), "priceFeeds": feeds });
        format!("event: price_update\ndata: {data}\n\n")
    }
}

/// The feeds that a query asks for: separated by commas, or the parameter repeated.
fn feeds_of(query: &str) -> Vec<u64> {
    let named = query.split('&').filter_map(|part| part.strip_prefix("price_feed_ids="));
    let ids = named.flat_map(|ids| ids.split(',').flat_map(|ids| ids.split("%2C")));
    ids.filter_map(|id| id.parse().ok()).collect()
}

/// `POST /risk/v2/spread`: what an order of this size is filled with. Here that is the pair's constant spread, whatever
/// the size.
pub(super) async fn spread(body: Bytes) -> Answer {
    let asked = Parameters::read(None, &body)?;
    asked.address("trader")?;
    asked.whole("coinSize10")?;
    for field in ["isLong", "isOpen"] {
        asked.get(field)?;
    }
    let index: u64 = asked.get("pairIndex")?.parse().map_err(|_| Refused::bad("`pairIndex` is no whole number"))?;
    let pair = Listings::get()?.pair(index).ok_or_else(|| Refused::missing(format!("no pair {index}")))?;
    let percent = pair.spread.to_string();
    let quote = json!({
        "spreadMechanism": 4, "byPass": true, "spreadPctWithoutFlow10": percent,
        "estimatedSpreadPctWithFlow10": percent,
        "flowParams": { "impactParam10": "0", "depth10": "0", "maxSpreadPct10": "0" },
    });
    Ok((StatusCode::CREATED, Json(quote)).into_response())
}

/// `GET /v2/history/…` and `/v1/history/…`: nothing is kept here.
pub(super) async fn history() -> Answer {
    plain(json!({ "success": true, "portfolio": [], "pageCount": 0 }))
}

/// A decimal number without floating point: JSON takes it as it is written.
fn decimal(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn usdc(amount: U256) -> Value {
    decimal(&format_units(amount, 6))
}

fn e10(amount: U256) -> Value {
    decimal(&format_units(amount, 10))
}

fn whole(amount: U256) -> Value {
    json!(amount.saturating_to::<u64>())
}

fn signed(amount: I256) -> Value {
    let text = format_units(amount.unsigned_abs(), 10);
    decimal(&if amount.is_negative() { format!("-{text}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_separated_or_repeated() {
        assert_eq!(feeds_of("price_feed_ids=2%2C1"), [2, 1]);
        assert_eq!(feeds_of("price_feed_ids=2,6"), [2, 6]);
        assert_eq!(feeds_of("price_feed_ids=2&price_feed_ids=1&other=3"), [2, 1]);
    }

    #[test]
    fn a_received_rate_keeps_its_sign() {
        assert_eq!(signed(I256::try_from(-1_000_800).expect("figure")).to_string(), "-0.00010008");
    }
}
