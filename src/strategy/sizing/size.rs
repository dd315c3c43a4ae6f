//! The size of one signal.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::{SizingError, tiers};
use crate::{
    config::{StrategyConfig, TableName},
    strategy::{
        Signal,
        exact::{usdc_down, x},
    },
};

/// Capital and circumstances that a table sizes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capital {
    /// Free USDC.
    pub free_usdc: Decimal,
    /// Loss at the stop of a fixed-risk trade, USDC: the governor's [`GovernorState::risk`](crate::strategy::GovernorState::risk).
    pub risk: Decimal,
    /// Fees and spread both ways as a share of the price.
    pub round_trip: Decimal,
    /// The chain is the real one.
    pub live: bool,
    /// The user insists on the naive table.
    pub forced: bool,
}

/// What a table asks for; the market and the governor have not been asked yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Size {
    /// The table.
    pub table: TableName,
    /// Name of its row; none for the tables without rows.
    pub tier: Option<String>,
    /// Equity of the loop, US dollars.
    pub base_capital: Decimal,
    /// Leverage of the loop; 1 is no loop.
    pub loop_leverage: Decimal,
    /// Margin of the perp, USDC.
    pub margin: Decimal,
    /// Leverage of the perp.
    pub perp_leverage: Decimal,
}

impl Size {
    /// Margin × leverage: what is ordered, before the opening fee comes out of the margin. `None` when it does not fit.
    #[must_use]
    pub fn ordered_notional(&self) -> Option<Decimal> {
        self.margin.checked_mul(self.perp_leverage)
    }

    /// Whether a loop is opened or adjusted at all.
    #[must_use]
    pub fn has_loop(&self) -> bool {
        self.loop_leverage > Decimal::ONE
    }
}

/// Sizes a signal by the table of the settings.
pub fn size(signal: &Signal, settings: &StrategyConfig, capital: &Capital) -> Result<Size, SizingError> {
    let table = settings.table;
    let size = match table {
        TableName::Matrix if capital.live && !capital.forced => return Err(SizingError::NaiveTable),
        TableName::KellyNotional => {
            if capital.free_usdc <= Decimal::ZERO {
                return Err(SizingError::NoBalance);
            }
            let kelly = settings.kelly_notional;
            let margin = (x(capital.free_usdc) * kelly.fraction).get().ok_or(SizingError::Unfit)?;
            without_loop(table, settings, margin, kelly.perp_leverage)
        }
        TableName::FixedRisk => {
            let leverage = settings.fixed_risk.perp_leverage;
            let levels = signal.levels().map_err(|_| SizingError::Unfit)?;
            // units = risk / (stop distance + cost per unit), N = units × entry: the entry cancels out.
            let notional = x(capital.risk) / (x(levels.stop) + capital.round_trip);
            let margin = (notional / leverage).get().ok_or(SizingError::Unfit)?;
            without_loop(table, settings, margin, leverage)
        }
        _ => {
            let base = settings.base_capital.ok_or(SizingError::NoBaseCapital)?;
            let tier = tiers(settings).into_iter().find(|tier| tier.takes(signal.score, signal.volatility));
            let tier = tier.ok_or(SizingError::NoTier)?;
            Size {
                table,
                base_capital: base,
                loop_leverage: tier.loop_leverage,
                margin: usdc_down(tier.margin.of(base).ok_or(SizingError::Unfit)?),
                perp_leverage: tier.perp_leverage,
                tier: Some(tier.name),
            }
        }
    };
    if size.margin <= Decimal::ZERO {
        return Err(SizingError::TooSmall);
    }
    size.ordered_notional().is_some().then_some(size).ok_or(SizingError::Unfit)
}

fn without_loop(table: TableName, settings: &StrategyConfig, margin: Decimal, perp_leverage: Decimal) -> Size {
    Size {
        table,
        tier: None,
        base_capital: settings.base_capital.unwrap_or_default(),
        loop_leverage: Decimal::ONE,
        margin: usdc_down(margin),
        perp_leverage,
    }
}
