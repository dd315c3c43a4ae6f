//! What an order is expected to come to, kept with it and compared with its fill.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PercentE10, PriceE10, Usdc};

/// The expected result of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum Forecast {
    /// Of an open.
    Open(OpenForecast),
    /// Of a close.
    Close(CloseForecast),
}

/// A position as it should be once filled, from the mark and the venue's state in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenForecast {
    /// The oracle price it is computed from.
    pub mark: PriceE10,
    /// Execution price: mark, spread, impact.
    pub entry: PriceE10,
    /// Distance between the two, of the mark.
    pub spread: PercentE10,
    /// Opening fee.
    pub fee: Usdc,
    /// Margin left.
    pub collateral: Usdc,
    /// Collateral × leverage.
    pub notional: Usdc,
    /// Liquidation price.
    pub liquidation: PriceE10,
    /// Stop as the venue will store it; zero for none.
    pub stop: PriceE10,
    /// Target as the venue will store it.
    pub target: PriceE10,
    /// Paid out when the target is reached.
    pub paid_at_target: Usdc,
    /// Paid out when the stop is reached; zero without stop.
    pub paid_at_stop: Usdc,
}

/// What a close should pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloseForecast {
    /// Price it is computed at.
    pub price: PriceE10,
    /// Collateral that is closed.
    pub collateral: Usdc,
    /// Result before costs, as an amount.
    pub gross: Usdc,
    /// Whether that is a loss.
    pub is_loss: bool,
    /// Closing fee.
    pub fee: Usdc,
    /// Rollover.
    pub rollover: Usdc,
    /// Paid out.
    pub paid: Usdc,
}
