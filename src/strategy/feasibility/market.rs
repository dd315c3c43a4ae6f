//! What the checks need to know of chain and venue, as plain numbers of one block. Ratios are shares, amounts US dollars.

use rust_decimal::Decimal;
use serde::Serialize;

use crate::{
    config::{BelowMinimum, MarginFrom, StrategyConfig, Thresholds},
    strategy::Costs,
};

/// The loop's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopMarket {
    /// Loan-to-value after e-mode.
    pub ltv: Decimal,
    /// Liquidation threshold after e-mode.
    pub liquidation_threshold: Decimal,
    /// Cost of turning borrowed debt into collateral: flash fee and swap.
    pub open_cost: Decimal,
    /// Flash fee of a trim.
    pub flash_fee: Decimal,
    /// Swap cost of a trim at the stress price, replayed.
    pub trim_cost: Decimal,
    /// Most that such a trim may cost (`bounds.trim` or `bounds.urgent`, by where the stress leads).
    pub trim_bound: Decimal,
    /// The loop's thresholds.
    pub thresholds: Thresholds,
}

/// Whether the pair can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Availability {
    /// It can.
    Open,
    /// The venue does not know it.
    NotListed,
    /// Positions may only be closed.
    CloseOnly,
    /// Outside market hours.
    Closed,
    /// The venue is paused.
    Paused,
}

/// The venue's own limits on stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopLimits {
    /// Least stop distance beyond the spread (v2: 0.01 %), a share of the price.
    pub beyond_spread: Decimal,
    /// Most that a stop may lose of the margin (v2: 80 %).
    pub most_of_margin: Decimal,
}

/// The perp's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairMarket {
    /// Such as `ETH/USD`.
    pub name: String,
    /// Whether it can be opened.
    pub availability: Availability,
    /// Least ordered notional.
    pub minimum_notional: Decimal,
    /// Least leverage.
    pub least_leverage: Decimal,
    /// Most leverage.
    pub most_leverage: Decimal,
    /// Fees, spread, liquidation.
    pub costs: Costs,
    /// Ordered notional that the tightest open-interest cap still takes on this side.
    pub open_interest_room: Decimal,
    /// Limits on stops, where the venue has them.
    pub stops: Option<StopLimits>,
}

/// What the wallet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Funds {
    /// Free USDC.
    pub usdc: Decimal,
    /// USDC the venue may take; none when the plan brings its own approval.
    pub allowance: Option<Decimal>,
    /// Costs in USDC that do not come out of the margin.
    pub order_fee: Decimal,
    /// ETH for gas.
    pub gas: Decimal,
    /// ETH that the plan needs for gas and execution fees.
    pub gas_needed: Decimal,
}

/// Everything the checks read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// The loop's side.
    pub lending: LoopMarket,
    /// The perp's side.
    pub pair: PairMarket,
    /// The wallet.
    pub funds: Funds,
}

/// What may be changed instead of refused, and what is asked beyond the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policies {
    /// Lower leverage to what fits.
    pub cap: bool,
    /// Below the venue's minimum.
    pub below_minimum: BelowMinimum,
    /// Where the margin comes from.
    pub margin_from: MarginFrom,
    /// Least target distance in round-trip costs.
    pub min_edge: Decimal,
}

impl From<&StrategyConfig> for Policies {
    fn from(settings: &StrategyConfig) -> Self {
        let StrategyConfig { cap, below_minimum, margin_from, min_edge, .. } = *settings;
        Self { cap, below_minimum, margin_from, min_edge }
    }
}
