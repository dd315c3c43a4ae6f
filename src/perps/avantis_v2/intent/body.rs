//! HTTP bodies that carry signed intents, byte for byte as the venue's own client writes them (avantis-v2.md §3.5, §3.6).

use alloy::primitives::{Address, Bytes};
use serde::Serialize;

use super::{kind::VenueIntent, sign::SignedIntent, terms::OpenType};

/// What carries an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentRequest {
    /// `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Below the gateway.
    pub path: String,
    /// JSON without spaces.
    pub body: String,
}

/// What a request says beside the intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestHints {
    /// The pair takes a share of the profit instead of fees.
    pub is_upside: bool,
    /// The target is moved, perhaps beside the stop.
    pub moves_target: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Batched {
    order_type: u8,
    erc712: Pair,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pair {
    user_intent: Bytes,
    user_signature: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Levels {
    user_intent: Bytes,
    signed_message: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Trigger {
    trader: String,
    pair_index: u64,
    index: u64,
    trigger_type: u8,
    coin_size: String,
    buy: bool,
    price: String,
    percentage: String,
    timestamp: u64,
    sign_timestamp: u64,
    order_type: u8,
    signed_message: Bytes,
    nonce: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TriggerCancel<'a> {
    entity_id: &'a str,
    signed_message: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TwapOpen {
    trader: String,
    pair_index: u64,
    collateral: String,
    buy: bool,
    is_coin: bool,
    coin_size: String,
    default_leverage: String,
    max_leverage: String,
    run_time: String,
    nonce: String,
    deadline: String,
    reserved1: String,
    signature: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TwapClose {
    trader: String,
    pair_index: u64,
    index: u64,
    coin_size_to_close: String,
    run_time: String,
    nonce: String,
    deadline: String,
    reserved1: String,
    signature: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TwapCancel {
    trader: String,
    twap_id: String,
    nonce: String,
    deadline: String,
    signature: Bytes,
}

fn checksum(address: Address) -> String {
    address.to_checksum(None)
}

fn request(method: &'static str, path: impl Into<String>, body: &impl Serialize) -> Option<IntentRequest> {
    Some(IntentRequest { method, path: path.into(), body: serde_json::to_string(body).ok()? })
}

impl VenueIntent {
    /// The number that the service for market orders wants beside it (avantis-v2.md §2.7); `None` for what it does not take.
    /// That a close or an increase is on a pair with a profit share is not in the intent.
    #[must_use]
    pub fn market_order_type(&self, is_upside: bool) -> Option<u8> {
        let opens_upside = |open_type: u8| open_type == OpenType::MarketUpside as u8;
        Some(match self {
            Self::OpenTradeReq(request) if request._type == OpenType::Market as u8 => 0,
            Self::OpenTradeReq(request) if opens_upside(request._type) => 6,
            Self::CloseTradeReq(_) => {
                if is_upside {
                    7
                } else {
                    1
                }
            }
            Self::IncreasePositionSizeReq(_) => 9,
            Self::OpenTradeCoinExposureReq(request) => {
                if opens_upside(request._type) {
                    13
                } else {
                    12
                }
            }
            Self::IncreasePositionSizeWithCoinExposureReq(_) => 14,
            Self::CloseTradeCoinExposureReq(_) => {
                if is_upside {
                    16
                } else {
                    15
                }
            }
            _ => return None,
        })
    }
}

impl SignedIntent {
    /// What is sent, to which path; `None` for what no service takes from us.
    #[must_use]
    pub fn request(&self, hints: RequestHints) -> Option<IntentRequest> {
        let signature = self.signature();
        match &self.intent {
            VenueIntent::UpdateTpSlReq(levels) => {
                // Either name is of the same position; the official client takes that of the stop when only the stop moves.
                let leg = if hints.moves_target { "tp" } else { "sl" };
                let path = format!(
                    "/core/price-triggers/global-{leg}-{}-{}-{}",
                    checksum(levels.trader),
                    levels._pairIndex,
                    levels._index
                );
                request("PUT", path, &Levels { user_intent: self.intent.encoded()?, signed_message: signature })
            }
            VenueIntent::TpSlReq(trigger) => request(
                "POST",
                "/core/price-triggers",
                &Trigger {
                    trader: checksum(trigger.trader),
                    pair_index: trigger.pairIndex.try_into().ok()?,
                    index: trigger.index.try_into().ok()?,
                    trigger_type: trigger.triggerType,
                    coin_size: trigger.coinSize.to_string(),
                    buy: trigger.buy,
                    price: trigger.price.to_string(),
                    percentage: trigger.percentage.to_string(),
                    timestamp: trigger.timestamp.try_into().ok()?,
                    sign_timestamp: trigger.signTimestamp.try_into().ok()?,
                    order_type: trigger.orderType,
                    signed_message: signature,
                    nonce: trigger.nonce.to_string(),
                },
            ),
            VenueIntent::CancelOffchainOrder(cancel) => {
                let body = TriggerCancel { entity_id: &cancel.entityId, signed_message: signature };
                request("DELETE", "/core/price-triggers", &body)
            }
            VenueIntent::TwapOpenOrder(order) => request(
                "POST",
                "/twap/twaps/open",
                &TwapOpen {
                    trader: checksum(order.trader),
                    pair_index: order.pairIndex.try_into().ok()?,
                    collateral: order.collateral.to_string(),
                    buy: order.buy,
                    is_coin: order.isCoin,
                    coin_size: order.coinSize.to_string(),
                    default_leverage: order.defaultLeverage.to_string(),
                    max_leverage: order.maxLeverage.to_string(),
                    run_time: order.runTime.to_string(),
                    nonce: order.nonce.to_string(),
                    deadline: order.deadline.to_string(),
                    reserved1: order.__reserved1.to_string(),
                    signature,
                },
            ),
            VenueIntent::TwapCloseOrder(order) => request(
                "POST",
                "/twap/twaps/close",
                &TwapClose {
                    trader: checksum(order.trader),
                    pair_index: order.pairIndex.try_into().ok()?,
                    index: order.index.try_into().ok()?,
                    coin_size_to_close: order.coinSizeToClose.to_string(),
                    run_time: order.runTime.to_string(),
                    nonce: order.nonce.to_string(),
                    deadline: order.deadline.to_string(),
                    reserved1: order.__reserved1.to_string(),
                    signature,
                },
            ),
            VenueIntent::TwapCancelReq(order) => request(
                "POST",
                "/twap/twaps/cancel",
                &TwapCancel {
                    trader: checksum(order.trader),
                    twap_id: order.twapId.to_string(),
                    nonce: order.nonce.to_string(),
                    deadline: order.deadline.to_string(),
                    signature,
                },
            ),
            market => {
                let order_type = market.market_order_type(hints.is_upside)?;
                let erc712 = Pair { user_intent: market.encoded()?, user_signature: signature };
                request("POST", "/batched-market/market/execute-batched", &Batched { order_type, erc712 })
            }
        }
    }
}
