//! Events of the service for market orders, of its stream and of its replay. Numbers come as text or as numbers; what is not known
//! is passed over.

use alloy::primitives::{B256, U256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    perps::{CoinsE10, LeverageE10, PriceE10, Usdc},
    units::Secs,
};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketEvent {
    /// Its number; events of the connection itself have none and are not replayed.
    pub seq: Option<u64>,
    /// What it says.
    pub news: MarketNews,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarketNews {
    /// The service has the order.
    Accepted {
        /// Its name there.
        tracking: String,
    },
    /// One attempt did not go through; not the end.
    AttemptFailed {
        /// A contract's error or the service's.
        code: String,
    },
    /// A transaction registered it; not the end.
    Initiated,
    /// It was filled: an open, a close, or an increase.
    Filled(Box<TradeFill>),
    /// The venue took it and refused to fill it.
    Cancelled {
        /// Why, where it says.
        reason: Option<String>,
        /// In which transaction.
        transaction: Option<B256>,
    },
    /// It failed, or the connection did.
    Error {
        /// Which error, where it says.
        code: Option<String>,
        /// In words.
        message: String,
    },
    /// Something that this program does not know.
    Other(String),
}

/// A fill as the service tells it; what it leaves out is read on chain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TradeFill {
    /// The venue's number of the order.
    pub order: Option<U256>,
    /// The transaction.
    pub transaction: Option<B256>,
    /// Execution price.
    pub price: Option<PriceE10>,
    /// Coins.
    pub coins: Option<CoinsE10>,
    /// What a close paid.
    pub paid: Option<Usdc>,
    /// The position's slot.
    pub index: Option<u64>,
    /// The position's collateral.
    pub collateral: Option<Usdc>,
    /// The position's leverage.
    pub leverage: Option<LeverageE10>,
    /// The position's time stamp, which its next close must name.
    pub opened: Option<Secs>,
}

/// An event that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event}.{field}: {reason}")]
pub struct EventError {
    /// Which event.
    pub event: String,
    /// Which field.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

struct Payload<'a> {
    event: &'a str,
    value: &'a Value,
}

impl Payload<'_> {
    fn error(&self, field: &str, reason: impl Into<String>) -> EventError {
        EventError { event: self.event.to_owned(), field: field.to_owned(), reason: reason.into() }
    }

    /// A field of the payload or, with a point, of an object in it.
    fn get(&self, field: &str) -> Option<&Value> {
        let found = field.split('.').try_fold(self.value, |value, name| value.get(name))?;
        (!found.is_null()).then_some(found)
    }

    fn text(&self, field: &str) -> Option<String> {
        match self.get(field)? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    fn whole(&self, field: &str) -> Result<Option<U256>, EventError> {
        let Some(text) = self.text(field) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { U256::from_str_radix(&text, 10).ok() } else { None };
        number.map(Some).ok_or_else(|| self.error(field, format!("a whole number is expected, not {text}")))
    }

    fn small(&self, field: &str) -> Result<Option<u64>, EventError> {
        let number = self.whole(field)?.map(u64::try_from).transpose();
        number.map_err(|_| self.error(field, "too large"))
    }

    fn hash(&self, field: &str) -> Result<Option<B256>, EventError> {
        let Some(text) = self.text(field) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.error(field, format!("a hash is expected, not {text}")))
    }
}

impl MarketEvent {
    /// Reads an event by its name and payload.
    pub fn read(seq: Option<u64>, event: &str, value: &Value) -> Result<Self, EventError> {
        let payload = Payload { event, value };
        let news = match event {
            "MarketOrderAccepted" => {
                let tracking = payload.text("trackingId").filter(|tracking| !tracking.is_empty());
                MarketNews::Accepted { tracking: tracking.ok_or_else(|| payload.error("trackingId", "missing"))? }
            }
            "AttemptFailed" => MarketNews::AttemptFailed { code: payload.text("code").unwrap_or_default() },
            "MarketOrderInitiated" | "IncreasePositionRequested" => MarketNews::Initiated,
            "MarketOrderExecuted" | "PositionSizeIncreased" => MarketNews::Filled(Box::new(TradeFill {
                order: payload.whole("orderId")?,
                transaction: payload.hash("transactionHash")?,
                price: payload.whole("price")?.map(PriceE10),
                coins: match payload.whole("coinExposure")? {
                    Some(coins) => Some(CoinsE10(coins)),
                    None => payload.whole("coinExposureAdded")?.map(CoinsE10),
                },
                paid: payload.whole("usdcSentToTrader")?.map(Usdc),
                index: payload.small("t.index")?,
                collateral: payload.whole("t.initialPosToken")?.map(Usdc),
                leverage: payload.whole("t.leverage")?.map(LeverageE10),
                opened: payload.small("t.timestamp")?.map(Secs),
            })),
            "MarketOrderCanceled" => {
                MarketNews::Cancelled { reason: payload.text("reason"), transaction: payload.hash("transactionHash")? }
            }
            "Error" => MarketNews::Error {
                code: payload.text("code").filter(|code| !code.is_empty()),
                message: payload.text("message").unwrap_or_default(),
            },
            other => MarketNews::Other(other.to_owned()),
        };
        Ok(Self { seq, news })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fill_is_read_with_numbers_as_text_or_as_numbers() {
        let payload = json!({
            "orderId": 812_345, "open": true, "price": "25682366000000", "positionSizeUSDC": "249437500",
            "usdcSentToTrader": "0", "coinExposure": "4856201722",
            "t": { "index": "3", "initialPosToken": 249_437_500, "leverage": "50000000000", "timestamp": 1_791_439_572 },
            "transactionHash": format!("0x{}", "ab".repeat(32)), "somethingNew": {},
        });
        let read = MarketEvent::read(Some(2), "MarketOrderExecuted", &payload).expect("read");
        let MarketNews::Filled(fill) = read.news else { panic!("{read:?}") };
        assert_eq!(
            (fill.order, fill.index, fill.opened),
            (Some(U256::from(812_345)), Some(3), Some(Secs(1_791_439_572)))
        );
        assert_eq!(fill.collateral.map(|amount| amount.to_string()), Some("249.4375".to_owned()));
    }

    #[test]
    fn an_increase_without_anything_is_a_fill_all_the_same() {
        let read = MarketEvent::read(None, "PositionSizeIncreased", &json!({})).expect("read");
        assert_eq!(read.news, MarketNews::Filled(Box::default()));
    }

    #[test]
    fn what_cannot_be_read_names_its_field_and_what_is_unknown_is_passed_over() {
        let told =
            |event: &str, payload: Value| MarketEvent::read(None, event, &payload).expect_err("refused").to_string();
        assert_eq!(told("MarketOrderAccepted", json!({})), "MarketOrderAccepted.trackingId: missing");
        assert_eq!(
            told("MarketOrderExecuted", json!({ "orderId": "0x10" })),
            "MarketOrderExecuted.orderId: a whole number is expected, not 0x10"
        );
        assert!(
            told("MarketOrderExecuted", json!({ "t": { "index": "99999999999999999999" } }))
                .contains("t.index: too large")
        );
        let other = MarketEvent::read(Some(7), "Weather", &json!([])).expect("read");
        assert_eq!(other.news, MarketNews::Other("Weather".to_owned()));
    }
}
