//! What the governor remembers of an account, across restarts.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{config::GovernorConfig, strategy::exact::x, units::Secs};

const DAY: u64 = 86_400;

/// The kill switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Command {
    /// Open nothing.
    Pause,
    /// Open again.
    Resume,
    /// Open nothing and close everything.
    Flatten,
}

/// A position that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Net result, USDC.
    pub pnl: Decimal,
    /// When, seconds since 1970 UTC.
    pub at: Secs,
}

/// State of one account; paper trading has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GovernorState {
    /// Equity, USDC.
    pub equity: Decimal,
    /// The UTC day, in days since 1970.
    pub day: u64,
    /// Equity when that day began.
    pub day_equity: Decimal,
    /// Realised result of that day, USDC.
    pub day_realised: Decimal,
    /// Losses in a row.
    pub losses: u32,
    /// Wins in a row.
    pub wins: u32,
    /// Trades still under the caps that follow a big loss.
    pub big_loss_left: u32,
    /// Trades still under the rules that follow three losses.
    pub three_losses_left: u32,
    /// Nothing is opened.
    pub paused: bool,
    /// Everything is to be closed.
    pub flattening: bool,
}

impl GovernorState {
    /// A fresh account.
    #[must_use]
    pub const fn new(equity: Decimal, now: Secs) -> Self {
        Self {
            equity,
            day: now.0 / DAY,
            day_equity: equity,
            day_realised: Decimal::ZERO,
            losses: 0,
            wins: 0,
            big_loss_left: 0,
            three_losses_left: 0,
            paused: false,
            flattening: false,
        }
    }

    /// The state at a moment: a new UTC day begins with nothing realised. A clock that goes back changes nothing.
    #[must_use]
    pub fn at(self, now: Secs) -> Self {
        let day = now.0 / DAY;
        if day <= self.day {
            return self;
        }
        Self { day, day_equity: self.equity, day_realised: Decimal::ZERO, ..self }
    }

    /// After the kill switch was used.
    #[must_use]
    pub const fn commanded(self, command: Command) -> Self {
        match command {
            Command::Pause => Self { paused: true, ..self },
            Command::Resume => Self { paused: false, flattening: false, ..self },
            Command::Flatten => Self { paused: true, flattening: true, ..self },
        }
    }

    /// After a trade was opened: cool-downs are counted in trades.
    #[must_use]
    pub const fn opened(self) -> Self {
        Self {
            big_loss_left: self.big_loss_left.saturating_sub(1),
            three_losses_left: self.three_losses_left.saturating_sub(1),
            ..self
        }
    }

    /// After a position ended. A result of exactly 0 leaves both streaks as they are. `None` when it does not fit.
    #[must_use]
    pub fn closed(self, closed: Closed, config: &GovernorConfig) -> Option<Self> {
        let state = self.at(closed.at);
        let pnl = closed.pnl;
        let mut after = Self {
            equity: (x(state.equity) + pnl).get()?,
            day_realised: (x(state.day_realised) + pnl).get()?,
            ..state
        };
        if pnl > Decimal::ZERO {
            (after.wins, after.losses) = (state.wins.saturating_add(1), 0);
        }
        if pnl < Decimal::ZERO {
            (after.wins, after.losses) = (0, state.losses.saturating_add(1));
            if -pnl > (x(state.equity) * config.big_loss_share).get()? {
                after.big_loss_left = config.big_loss_trades;
            }
            // Every further loss begins the cool-down again (our reading).
            if after.losses >= 3 {
                after.three_losses_left = config.three_losses_trades;
            }
        }
        Some(after)
    }

    /// Loss at the stop that a fixed-risk trade may take now, USDC.
    #[must_use]
    pub fn risk(&self, config: &GovernorConfig) -> Decimal {
        let factor = if self.wins >= 3 { config.win_risk_multiplier } else { Decimal::ONE };
        (x(config.risk_per_trade) * factor).get().unwrap_or(config.risk_per_trade)
    }

    /// Realised loss at which the day ends: the amount, or the share of the equity at its start if that is smaller.
    #[must_use]
    pub fn day_loss_limit(&self, config: &GovernorConfig) -> Decimal {
        let share = (x(self.day_equity) * config.day_loss_share).get().unwrap_or(config.day_loss);
        share.max(Decimal::ZERO).min(config.day_loss)
    }
}
