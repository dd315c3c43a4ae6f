//! One way to bring an account's debt down, or its collateral up.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    loops::FlashSource,
    plan::Quantity,
    units::Wad,
    watchdog::rules::{PairKey, Pressure},
};

/// A rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "rung")]
#[non_exhaustive]
pub enum Rung {
    /// Repays with the account's own supply of the debt's asset: no swap, no loan.
    RepayWithSupply {
        /// Whose two sides are the same asset.
        pair: PairKey,
    },
    /// Sells collateral with a flash loan.
    Flash {
        /// What is sold for what.
        pair: PairKey,
        /// Who lends.
        source: FlashSource,
        /// Whose bounds.
        bound: Pressure,
        /// Debt that it repays; `None`: the whole trim.
        #[serde(default)]
        repay: Option<Quantity>,
    },
    /// As much of the trim as bounds and depth allow, at least towards `goal`; repeated at the next heads.
    Slice {
        /// What is sold for what.
        pair: PairKey,
        /// The smaller target.
        goal: Wad,
        /// Whose bounds.
        bound: Pressure,
    },
    /// Repays with debt tokens of the wallet.
    RepayFromWallet {
        /// Whose debt.
        pair: PairKey,
        /// At most.
        at_most: Quantity,
    },
    /// Withdraws what the health factor allows, swaps it, repays; without a flash loan, repeated at the next heads.
    WithdrawAndSwap {
        /// What is sold for what.
        pair: PairKey,
        /// Whose bounds.
        bound: Pressure,
    },
    /// Supplies collateral of the wallet.
    AddCollateral {
        /// Whose collateral.
        pair: PairKey,
        /// At most.
        at_most: Quantity,
    },
    /// Tells a human what to do, with exact figures.
    AskHuman,
}

impl Rung {
    /// Whether it takes collateral out of the reserve.
    #[must_use]
    pub const fn takes_collateral(&self) -> bool {
        matches!(self, Self::Flash { .. } | Self::Slice { .. } | Self::WithdrawAndSwap { .. })
    }

    /// The assets it is about; `None` for a human.
    #[must_use]
    pub const fn pair(&self) -> Option<&PairKey> {
        match self {
            Self::RepayWithSupply { pair }
            | Self::Flash { pair, .. }
            | Self::Slice { pair, .. }
            | Self::RepayFromWallet { pair, .. }
            | Self::WithdrawAndSwap { pair, .. }
            | Self::AddCollateral { pair, .. } => Some(pair),
            Self::AskHuman => None,
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RepayWithSupply { .. } => f.write_str("repaying with the supply of the same asset"),
            Self::Flash { source, bound, repay: None, .. } => {
                write!(f, "flash loan from {source} at the {bound} bounds")
            }
            Self::Flash { source, bound, repay: Some(_), .. } => {
                write!(f, "a part of the trim with a flash loan from {source} at the {bound} bounds")
            }
            Self::Slice { goal, bound, .. } => {
                write!(f, "a slice towards health factor {} at the {bound} bounds", crate::plan::Quantity::wad(goal.0))
            }
            Self::RepayFromWallet { .. } => f.write_str("repaying from the wallet"),
            Self::WithdrawAndSwap { bound, .. } => write!(f, "withdraw and swap at the {bound} bounds"),
            Self::AddCollateral { .. } => f.write_str("adding collateral from the wallet"),
            Self::AskHuman => f.write_str("asking a human"),
        }
    }
}
