//! One way to bring a loop's debt down, or its collateral up.

use std::fmt;

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use crate::{loops::FlashSource, units::Wad, watchdog::rules::Pressure};

/// A rung.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "rung")]
#[non_exhaustive]
pub enum Rung {
    /// The whole trim with a flash loan.
    Flash {
        /// Who lends.
        source: FlashSource,
        /// Whose bounds.
        bound: Pressure,
    },
    /// As much of the trim as bounds and depth allow, at least towards `goal`; repeated at the next heads.
    Slice {
        /// The smaller target.
        goal: Wad,
        /// Whose bounds.
        bound: Pressure,
    },
    /// Repays with debt tokens of the wallet.
    RepayFromWallet {
        /// At most, in the debt token's smallest unit.
        at_most: U256,
    },
    /// Withdraws what the health factor allows, swaps it, repays; without a flash loan, repeated at the next heads.
    WithdrawAndSwap {
        /// Whose bounds.
        bound: Pressure,
    },
    /// Supplies collateral of the wallet.
    AddCollateral {
        /// At most, in the collateral's smallest unit.
        at_most: U256,
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
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash { source, bound } => write!(f, "flash loan from {source} at the {bound} bounds"),
            Self::Slice { goal, bound } => {
                write!(f, "a slice towards health factor {} at the {bound} bounds", crate::plan::Quantity::wad(goal.0))
            }
            Self::RepayFromWallet { .. } => f.write_str("repaying from the wallet"),
            Self::WithdrawAndSwap { bound } => write!(f, "withdraw and swap at the {bound} bounds"),
            Self::AddCollateral { .. } => f.write_str("adding collateral from the wallet"),
            Self::AskHuman => f.write_str("asking a human"),
        }
    }
}
