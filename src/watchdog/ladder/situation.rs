//! What decides which rungs there are.

use alloy::primitives::U256;
use serde::Serialize;

use super::Rung;
use crate::{
    config::LoopClass,
    loops::FlashSource,
    plan::Quantity,
    units::{WAD, Wad},
    watchdog::rules::Pressure,
};

/// The loop to be trimmed and what there is to do it with, at one block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Situation {
    /// Selects the smaller target, and whether there is a last resort.
    pub class: LoopClass,
    /// How pressing the trim is: the bounds to begin with.
    pub pressure: Pressure,
    /// The account's health factor.
    pub health_factor: Wad,
    /// Where the trim should end.
    pub target: Wad,
    /// Sources of the loan, the best first; only those that can be asked at all.
    pub flash_sources: Vec<FlashSource>,
    /// What can leave the collateral's reserve.
    pub free_collateral: Quantity,
    /// The wallet's debt tokens.
    pub wallet_debt: Quantity,
    /// The wallet's collateral.
    pub wallet_collateral: Quantity,
}

impl Situation {
    /// The target of slices: 1.10 for volatile loops, 1.02 for correlated ones; the trim's own where the loop is above that
    /// already (strategy.md §5).
    #[must_use]
    pub fn smaller_target(&self) -> Wad {
        let hundredths: u64 = match self.class {
            LoopClass::Volatile => 110,
            LoopClass::Correlated => 102,
        };
        let smaller = Wad(WAD / U256::from(100u64) * U256::from(hundredths)).min(self.target);
        if self.health_factor < smaller { smaller } else { self.target }
    }

    /// The bounds that may be used, the narrowest first. The last resort's are only for volatile loops.
    #[must_use]
    pub fn bounds(&self) -> Vec<Pressure> {
        let next =
            self.pressure.next().filter(|next| *next != Pressure::LastResort || self.class == LoopClass::Volatile);
        [Some(self.pressure), next].into_iter().flatten().collect()
    }

    /// Why a rung cannot help here; `None` when it may.
    #[must_use]
    pub fn rules_out(&self, rung: &Rung) -> Option<String> {
        if rung.takes_collateral() && self.free_collateral.raw.is_zero() {
            let symbol = &self.free_collateral.unit;
            return Some(format!("0 {symbol} are free in the reserve, so nothing can leave it"));
        }
        match rung {
            Rung::RepayFromWallet { at_most } if at_most.is_zero() => {
                Some(format!("the wallet holds no {}", self.wallet_debt.unit))
            }
            Rung::AddCollateral { at_most } if at_most.is_zero() => {
                Some(format!("the wallet holds no {}", self.wallet_collateral.unit))
            }
            _ => None,
        }
    }

    /// All rungs, in order.
    #[must_use]
    pub fn rungs(&self) -> Vec<Rung> {
        let bounds = self.bounds();
        let widest = bounds.last().copied().unwrap_or(self.pressure);
        let goal = self.smaller_target();
        let flashes = bounds
            .iter()
            .flat_map(|bound| self.flash_sources.iter().map(|source| Rung::Flash { source: *source, bound: *bound }));
        let rest = [
            Rung::Slice { goal, bound: widest },
            Rung::RepayFromWallet { at_most: self.wallet_debt.raw },
            Rung::WithdrawAndSwap { bound: widest },
            Rung::AddCollateral { at_most: self.wallet_collateral.raw },
            Rung::AskHuman,
        ];
        flashes.chain(rest).collect()
    }
}
