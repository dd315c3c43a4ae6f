//! What the venue would take as spread (avantis-v2.md §3.8). No quote is an error, never a spread of nothing.

use alloy::primitives::Address;
use serde::Serialize;

use super::{VenueServiceError, VenueServices, json::Node};
use crate::perps::{CoinsE10, LeverageE10, PercentE10, PriceE10, Side};

const SERVICE: &str = "spread";

/// What a quote is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpreadAsk {
    /// The venue's number of the pair.
    pub pair: u64,
    /// Who trades.
    pub trader: Address,
    /// Size.
    pub coins: CoinsE10,
    /// The position's direction.
    pub side: Side,
    /// Whether it is opened or closed.
    pub opens: bool,
    /// Leverage: without it the service takes the higher, flat cap.
    pub leverage: LeverageE10,
    /// The price wanted.
    pub price: PriceE10,
}

/// A quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotedSpread(pub PercentE10);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    pair_index: u64,
    trader: String,
    coin_size10: String,
    is_long: bool,
    is_open: bool,
    order_type: u8,
    wanted_price10: String,
    leverage10: String,
}

impl VenueServices {
    /// Asks for the spread of an execution at the market.
    pub async fn spread(&self, ask: &SpreadAsk) -> Result<QuotedSpread, VenueServiceError> {
        let body = Body {
            pair_index: ask.pair,
            trader: ask.trader.to_checksum(None),
            coin_size10: ask.coins.0.to_string(),
            is_long: ask.side.is_long(),
            is_open: ask.opens,
            order_type: 0,
            wanted_price10: ask.price.0.to_string(),
            leverage10: ask.leverage.0.to_string(),
        };
        let body = serde_json::to_string(&body).map_err(|error| VenueServiceError::Field {
            service: SERVICE,
            path: "request".to_owned(),
            reason: error.to_string(),
        })?;
        let answer = self.ask(SERVICE, "/risk/v2/spread", body).await?;
        let root = Node::root(SERVICE, &answer);
        let quoted = match root.maybe("estimatedSpreadPctWithFlow10") {
            Some(with_flow) => with_flow,
            None => root.field("spreadPctWithoutFlow10")?,
        };
        quoted.whole().map(|spread| QuotedSpread(PercentE10(spread)))
    }
}
