//! Section `governor`: what no signal may exceed (strategy.md §9).

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::values;

/// What follows when the day's losses reach the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DayLossAction {
    /// Nothing is opened until the next UTC day.
    #[serde(rename = "stop")]
    Stop,
    /// Perps are opened without leverage until the next UTC day.
    #[serde(rename = "cap-1x")]
    Cap1x,
}

/// Rules of the governor. Shares are of the account's equity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GovernorConfig {
    /// Perps open at a time.
    pub concurrent_positions: u32,
    /// Realised loss of a UTC day that stops trading, USDC …
    #[serde(with = "values::decimal")]
    pub day_loss: Decimal,
    /// … or this share of the equity at the day's start, when that is smaller.
    #[serde(with = "values::decimal")]
    pub day_loss_share: Decimal,
    /// What follows.
    pub day_loss_action: DayLossAction,
    /// Most perp leverage of tables and fixed-risk.
    #[serde(with = "values::decimal")]
    pub leverage_cap: Decimal,
    /// Most notional over all open positions, in equities; fixed-risk only.
    #[serde(with = "values::decimal")]
    pub open_notional_equities: Decimal,
    /// Most notional of one trade, USDC; fixed-risk only.
    #[serde(with = "values::decimal")]
    pub trade_notional: Decimal,
    /// Loss at the stop of a fixed-risk trade, USDC.
    #[serde(with = "values::decimal")]
    pub risk_per_trade: Decimal,
    /// A single loss above this share …
    #[serde(with = "values::decimal")]
    pub big_loss_share: Decimal,
    /// … caps leverage for this many trades …
    pub big_loss_trades: u32,
    /// … to this …
    #[serde(with = "values::decimal")]
    pub big_loss_leverage: Decimal,
    /// … and their notional to this many equities.
    #[serde(with = "values::decimal")]
    pub big_loss_equities: Decimal,
    /// After two losses in a row, until a win: most leverage …
    #[serde(with = "values::decimal")]
    pub two_losses_leverage: Decimal,
    /// … and notional, in equities.
    #[serde(with = "values::decimal")]
    pub two_losses_equities: Decimal,
    /// After three losses in a row: trades for which secondary signals are refused and sizes shrink …
    pub three_losses_trades: u32,
    /// … to this share.
    #[serde(with = "values::decimal")]
    pub three_losses_size: Decimal,
    /// Factor on the risk of a fixed-risk trade after three wins in a row.
    #[serde(with = "values::decimal")]
    pub win_risk_multiplier: Decimal,
    /// Size of a secondary signal as a share of a primary one; unset is off.
    #[serde(with = "values::optional_decimal")]
    pub secondary_size: Option<Decimal>,
    /// Share of the Kelly fraction that caps the loss at the stop; unset is off.
    #[serde(with = "values::optional_decimal")]
    pub kelly_cap: Option<Decimal>,
}

impl GovernorConfig {
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        let most = Decimal::from(1_000_000_000);
        let shares = [
            ("governor.day_loss_share", self.day_loss_share),
            ("governor.big_loss_share", self.big_loss_share),
            ("governor.three_losses_size", self.three_losses_size),
            ("governor.secondary_size", self.secondary_size.unwrap_or(Decimal::ONE)),
            ("governor.kelly_cap", self.kelly_cap.unwrap_or(Decimal::ONE)),
        ];
        let amounts = [
            ("governor.day_loss", self.day_loss),
            ("governor.open_notional_equities", self.open_notional_equities),
            ("governor.trade_notional", self.trade_notional),
            ("governor.risk_per_trade", self.risk_per_trade),
            ("governor.big_loss_equities", self.big_loss_equities),
            ("governor.two_losses_equities", self.two_losses_equities),
        ];
        let leverages = [
            ("governor.leverage_cap", self.leverage_cap),
            ("governor.big_loss_leverage", self.big_loss_leverage),
            ("governor.two_losses_leverage", self.two_losses_leverage),
        ];
        let multiplier = self.win_risk_multiplier;
        let share = |(key, value): (&'static str, Decimal)| {
            (value <= Decimal::ZERO || value > Decimal::ONE)
                .then(|| (key, format!("{value} is a share: above 0, at most 1")))
        };
        let amount = |(key, value): (&'static str, Decimal)| {
            (value <= Decimal::ZERO || value > most).then(|| (key, format!("{value} must be above 0, at most {most}")))
        };
        let leverage = |(key, value): (&'static str, Decimal)| {
            (value < Decimal::ONE || value > Decimal::from(1_000))
                .then(|| (key, format!("a leverage of {value} must be 1 to 1000")))
        };
        shares
            .into_iter()
            .find_map(share)
            .or_else(|| amounts.into_iter().find_map(amount))
            .or_else(|| leverages.into_iter().find_map(leverage))
            .or_else(|| {
                (multiplier < Decimal::ONE || multiplier > Decimal::TWO)
                    .then(|| ("governor.win_risk_multiplier", format!("{multiplier} must be 1 to 2")))
            })
            .or_else(|| {
                (self.concurrent_positions == 0).then(|| {
                    (
                        "governor.concurrent_positions",
                        "with 0 positions nothing is ever opened; use `trimtab pause`".to_owned(),
                    )
                })
            })
    }
}

impl Default for GovernorConfig {
    /// The table of strategy.md §9.
    fn default() -> Self {
        Self {
            concurrent_positions: 2,
            day_loss: Decimal::from(300),
            day_loss_share: Decimal::new(1, 1),
            day_loss_action: DayLossAction::Stop,
            leverage_cap: Decimal::from(20),
            open_notional_equities: Decimal::from(5),
            trade_notional: Decimal::from(5_000),
            risk_per_trade: Decimal::ONE_HUNDRED,
            big_loss_share: Decimal::new(2, 1),
            big_loss_trades: 3,
            big_loss_leverage: Decimal::TWO,
            big_loss_equities: Decimal::TWO,
            two_losses_leverage: Decimal::from(5),
            two_losses_equities: Decimal::from(3),
            three_losses_trades: 3,
            three_losses_size: Decimal::new(5, 1),
            win_risk_multiplier: Decimal::ONE,
            secondary_size: None,
            kelly_cap: None,
        }
    }
}
