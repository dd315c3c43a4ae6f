//! Orders, from placing to their end.

use std::fmt;

use alloy::primitives::{B256, U256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LeverageE10, PositionKey, PriceE10, Side, Usdc};
use crate::units::Secs;

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OrderKind {
    /// Opens at the market.
    Open,
    /// Closes at the market.
    Close,
    /// Opens when its price is reached.
    LimitOpen,
}

/// An order that was placed: what is needed to find out what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderHandle {
    /// The venue's own name of it.
    pub id: String,
    /// What it does.
    pub kind: OrderKind,
    /// The position that it closes, the limit order, or what the venue has of a position to come.
    pub key: PositionKey,
    /// The transaction that placed it.
    pub transaction: B256,
    /// Its block: events of the order are at or after it.
    pub block: u64,
    /// That block's time.
    pub placed: Secs,
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
#[non_exhaustive]
// Few of them are alive at a time; a box would only be in the way.
#[allow(clippy::large_enum_variant)]
pub enum OrderState {
    /// Placed; the keeper has not executed it, or the limit price was not reached.
    Initiated,
    /// Executed.
    Filled(Fill),
    /// Not executed and never will be.
    Cancelled {
        /// USDC that came back, seen as a transfer in the cancelling transaction.
        refund: Option<Usdc>,
        /// What chain state says about why; the venue tells no reason.
        reason: LikelyReason,
        /// The cancelling transaction.
        transaction: Option<B256>,
    },
    /// Neither pending nor seen to end. Nothing further is ordered before it is known.
    Unknown {
        /// What is missing.
        reason: String,
    },
}

impl OrderState {
    /// Whether the order has ended.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Filled(_) | Self::Cancelled { .. })
    }
}

/// Why an order was probably cancelled, with the figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[non_exhaustive]
pub enum LikelyReason {
    /// The execution price was beyond the slippage.
    Slippage {
        /// What it would have been executed at.
        execution: PriceE10,
        /// The limit.
        limit: PriceE10,
    },
    /// Stop or target lay on the wrong side of the execution price.
    LevelCrossed {
        /// What it would have been executed at.
        execution: PriceE10,
        /// The level.
        level: PriceE10,
    },
    /// An open-interest limit.
    Exposure {
        /// What was ordered.
        notional: Usdc,
        /// What the tightest limit took.
        room: Usdc,
    },
    /// The venue's operator cancelled it.
    Operator,
    /// The account took it back.
    TakenBack,
    /// Chain state shows none.
    Unclear,
}

impl fmt::Display for EndKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Target => "target",
            Self::Stop => "stop",
            Self::Liquidation => "liquidation",
            Self::Closed => "closed",
        })
    }
}

impl fmt::Display for LikelyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slippage { execution, limit } => {
                write!(f, "it would have been filled at {execution}, beyond the slippage limit {limit}")
            }
            Self::LevelCrossed { execution, level } => {
                write!(f, "it would have been filled at {execution}, beyond its own level {level}")
            }
            Self::Exposure { notional, room } => {
                write!(f, "its notional of {notional} USDC was more than the {room} that the venue's limits took")
            }
            Self::Operator => f.write_str("the venue's keeper cancelled it"),
            Self::TakenBack => f.write_str("the account took it back"),
            Self::Unclear => f.write_str("the chain shows no reason"),
        }
    }
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fill {
    /// The position it opened or closed.
    pub key: PositionKey,
    /// Direction.
    pub side: Side,
    /// Execution price of an open, oracle or level price of a close.
    pub price: PriceE10,
    /// Collateral after the fee (open), or closed.
    pub collateral: Usdc,
    /// Leverage.
    pub leverage: LeverageE10,
    /// Paid to the trader by a close; zero for an open.
    pub paid: Usdc,
    /// Collateral that the position has afterwards; zero once it is closed.
    pub left: Usdc,
    /// The position's target; zero for none.
    pub target: PriceE10,
    /// Its stop; zero for none.
    pub stop: PriceE10,
    /// The keeper's transaction.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
    /// Its time.
    pub at: Secs,
}

/// How a position came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// `target`, `stop`, `liquidation` or `closed`.
    pub kind: EndKind,
    /// The execution; `paid` is everything paid out by it.
    pub fill: Fill,
    /// The order that closed it, where it was a market order.
    pub order: Option<U256>,
}

/// What ended a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EndKind {
    /// Its target.
    Target,
    /// Its stop.
    Stop,
    /// The venue took it.
    Liquidation,
    /// It was closed at the market.
    Closed,
}
