//! Section `strategy`: how a signal becomes sizes (strategy.md §2–§4).

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Tier, tier, values};
use crate::units::Secs;

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$about])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every choice.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As the settings spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

choices! {
    /// A sizing table (strategy.md §3).
    TableName {
        /// Little perp leverage on a big margin, much loop.
        OptionA = "option-a",
        /// Margin grows with the score.
        OptionB = "option-b",
        /// The default: margin and loop grow with the score, within what the chain allows.
        OptionC = "option-c",
        /// The naive table, for comparison; refused for live trading unless forced.
        Matrix = "matrix",
        /// A share of the free balance, no loop.
        KellyNotional = "kelly-notional",
        /// A fixed loss at the stop.
        FixedRisk = "fixed-risk",
        /// The rows of `strategy.custom`.
        Custom = "custom",
    }
}

choices! {
    /// Where the perp's margin comes from.
    MarginFrom {
        /// Free USDC.
        Wallet = "wallet",
        /// Drawn from Aave in the loop's own transaction.
        Borrow = "borrow",
    }
}

choices! {
    /// What happens to a perp below the venue's minimum.
    BelowMinimum {
        /// It is not opened.
        Skip = "skip",
        /// Its margin is raised to the minimum.
        RaiseMargin = "raise-margin",
    }
}

choices! {
    /// What happens to the loop when the perp has ended.
    AfterPerp {
        /// Back to the leverage of the highest tier still open, or to what it was.
        Restore = "restore",
        /// Closed.
        Close = "close",
        /// Left as it is.
        Keep = "keep",
    }
}

choices! {
    /// What happens to the loop when the perp is proven not to have opened.
    OnPerpFailure {
        /// The loop goes back to what it was.
        Unwind = "unwind",
        /// Left as it is.
        Keep = "keep",
    }
}

/// Settings of the table `kelly-notional`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KellyNotional {
    /// Share of the free balance that becomes margin.
    #[serde(with = "values::decimal")]
    pub fraction: Decimal,
    /// Leverage of the perp.
    #[serde(with = "values::decimal")]
    pub perp_leverage: Decimal,
    /// Most positions at a time; the governor's own limit holds too.
    pub positions: u32,
}

/// Settings of the table `fixed-risk`; the risk itself is `governor.risk_per_trade`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedRisk {
    /// Leverage of the perp; it sets the margin only.
    #[serde(with = "values::decimal")]
    pub perp_leverage: Decimal,
}

/// How a signal becomes sizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrategyConfig {
    /// Loop equity the tables are scaled to, US dollars. No default: trading without it is refused.
    #[serde(with = "values::optional_decimal")]
    pub base_capital: Option<Decimal>,
    /// The table.
    pub table: TableName,
    /// Where margin comes from.
    pub margin_from: MarginFrom,
    /// What happens below the venue's minimum.
    pub below_minimum: BelowMinimum,
    /// Whether leverage above what the chain allows is lowered instead of refused (`--cap`).
    pub cap: bool,
    /// Collateral of the loop, by symbol.
    pub collateral: String,
    /// Debt of the loop, by symbol.
    pub debt: String,
    /// Distance of the stop from the entry when a signal has none, as a share.
    #[serde(with = "values::decimal")]
    pub stop_distance: Decimal,
    /// Distance of the target from the entry when a signal has none, as a share.
    #[serde(with = "values::decimal")]
    pub target_distance: Decimal,
    /// Oldest signal that is still traded.
    pub max_signal_age: Secs,
    /// Farthest the mark may be from a signal's entry, as a share.
    #[serde(with = "values::decimal")]
    pub max_entry_deviation: Decimal,
    /// Least target distance, in round-trip costs.
    #[serde(with = "values::decimal")]
    pub min_edge: Decimal,
    /// What happens to the loop after the perp.
    pub after_perp: AfterPerp,
    /// What happens to the loop without the perp.
    pub on_perp_failure: OnPerpFailure,
    /// Of `kelly-notional`.
    pub kelly_notional: KellyNotional,
    /// Of `fixed-risk`.
    pub fixed_risk: FixedRisk,
    /// Rows of `custom`, from the top.
    pub custom: Vec<Tier>,
}

impl StrategyConfig {
    /// What is wrong with these settings, as (key, reason); `None` when they make sense.
    #[must_use]
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let most_capital = Decimal::from(1_000_000_000);
        if let Some(base) = self.base_capital.filter(|base| *base <= Decimal::ZERO || *base > most_capital) {
            let reason = format!("a base capital of {base} US dollars must be above 0, at most {most_capital}");
            return Some(("strategy.base_capital", reason));
        }
        let share = |key, value: Decimal| {
            let outside = value <= Decimal::ZERO || value >= Decimal::ONE;
            outside.then(|| (key, format!("{value} is a share: above 0, below 1 (0.02 is 2 %)")))
        };
        let leverage = |key, value: Decimal| {
            let outside = value < Decimal::ONE || value > Decimal::from(1_000);
            outside.then(|| (key, format!("a leverage of {value} must be 1 to 1000")))
        };
        let kelly = self.kelly_notional.fraction;
        let custom = match tier::problem(&self.custom) {
            None if self.table == TableName::Custom && self.custom.is_empty() => {
                Some("the table `custom` is chosen and has no rows".to_owned())
            }
            problem => problem,
        };
        share("strategy.stop_distance", self.stop_distance)
            .or_else(|| share("strategy.target_distance", self.target_distance))
            .or_else(|| share("strategy.max_entry_deviation", self.max_entry_deviation))
            .or_else(|| (kelly != Decimal::ONE).then(|| share("strategy.kelly_notional.fraction", kelly)).flatten())
            .or_else(|| leverage("strategy.kelly_notional.perp_leverage", self.kelly_notional.perp_leverage))
            .or_else(|| leverage("strategy.fixed_risk.perp_leverage", self.fixed_risk.perp_leverage))
            .or_else(|| {
                let edge = self.min_edge;
                (edge < Decimal::ZERO || edge > Decimal::from(1_000))
                    .then(|| ("strategy.min_edge", format!("{edge} round-trip costs must be 0 to 1000")))
            })
            .or_else(|| {
                (self.max_signal_age.0 == 0).then(|| {
                    ("strategy.max_signal_age", "no signal is that young; it is refused before it is read".to_owned())
                })
            })
            .or_else(|| custom.map(|reason| ("strategy.custom", reason)))
    }
}

impl Default for StrategyConfig {
    /// The defaults of strategy.md §2–§4. The 50× of kelly-notional is that of its example.
    fn default() -> Self {
        Self {
            base_capital: None,
            table: TableName::OptionC,
            margin_from: MarginFrom::Wallet,
            below_minimum: BelowMinimum::Skip,
            cap: false,
            collateral: "WETH".to_owned(),
            debt: "USDC".to_owned(),
            stop_distance: Decimal::new(2, 2),
            target_distance: Decimal::new(4, 2),
            max_signal_age: Secs(60),
            max_entry_deviation: Decimal::new(5, 3),
            min_edge: Decimal::new(15, 1),
            after_perp: AfterPerp::Restore,
            on_perp_failure: OnPerpFailure::Unwind,
            kelly_notional: KellyNotional {
                fraction: Decimal::new(5, 1),
                perp_leverage: Decimal::from(50),
                positions: 2,
            },
            fixed_risk: FixedRisk { perp_leverage: Decimal::from(15) },
            custom: Vec::new(),
        }
    }
}
