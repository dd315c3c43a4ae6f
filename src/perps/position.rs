//! What an account has at the venue.

use alloy::primitives::U256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LeverageE10, OrderKind, PriceE10, Side, Usdc, position_key::PositionKey};
use crate::units::{Raw, Secs};

/// An open position at one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PerpPosition {
    /// Its name.
    pub key: PositionKey,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// Margin left in it after the opening fee.
    pub collateral: Usdc,
    /// Leverage of that.
    pub leverage: LeverageE10,
    /// Collateral × leverage at entry.
    pub notional: Usdc,
    /// Execution price.
    pub entry: PriceE10,
    /// Where it ends with a win; zero for none.
    pub target: PriceE10,
    /// Where it ends with a loss; zero for none.
    pub stop: PriceE10,
    /// Where the venue takes it, rollover so far included.
    pub liquidation: PriceE10,
    /// Rollover that a close would pay now.
    pub rollover: Usdc,
    /// The oracle's price now; zero when the price service does not answer.
    pub mark: PriceE10,
    /// What a close at the mark would pay out.
    pub value: Usdc,
    /// `value` less the collateral, as an amount.
    pub pnl: Usdc,
    /// Whether that is a loss.
    pub is_loss: bool,
    /// When it was opened.
    pub opened: Secs,
    /// A close of it waits for the keeper.
    pub closing: bool,
    /// Block from which levels and margin may be changed again.
    pub changeable_from: u64,
    /// Share of a loss that is paid by the trader, plain per cent (loss protection); 100 without.
    pub loss_share: u64,
}

/// A market order that the keeper has not executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PendingOrder {
    /// The venue's number.
    #[serde(with = "Raw")]
    pub id: U256,
    /// Open or close.
    pub kind: OrderKind,
    /// Of a close: the position. Of an open: what the venue has of the one to come.
    pub key: PositionKey,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// USDC that it holds (an open), or is to be closed.
    pub amount: Usdc,
    /// Block it was placed in.
    pub block: u64,
}

/// A limit order that waits for its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LimitOrder {
    /// Its name.
    pub key: PositionKey,
    /// Such as `ETH/USD`.
    pub pair: String,
    /// Direction.
    pub side: Side,
    /// USDC that it holds.
    pub margin: Usdc,
    /// Leverage.
    pub leverage: LeverageE10,
    /// Its price.
    pub price: PriceE10,
    /// Target, zero for none.
    pub target: PriceE10,
    /// Stop, zero for none.
    pub stop: PriceE10,
    /// Block from which it may be taken back.
    pub changeable_from: u64,
}
