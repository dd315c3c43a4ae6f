//! What decides which rungs there are.

use alloy::primitives::U256;
use serde::Serialize;

use super::Rung;
use crate::{
    config::LoopClass,
    loops::FlashSource,
    plan::Quantity,
    units::{WAD, Wad},
    watchdog::rules::{PairKey, Pressure},
};

/// The account to be trimmed and what there is to do it with, at one block.
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
    /// Collateral that may be sold for a debt, the first choice in front.
    pub sales: Vec<SaleOption>,
    /// What the wallet may be used for, by pair.
    pub wallet: Vec<WalletOption>,
}

/// A collateral that the owner lets us sell, and a debt that it repays.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SaleOption {
    /// Which two assets.
    pub pair: PairKey,
    /// Debt that it is to repay; `None`: as much as brings the account to its target.
    pub repay: Option<Quantity>,
    /// Sources of the loan, the best first; only those that can be asked at all.
    pub flash_sources: Vec<FlashSource>,
    /// What can leave the collateral's reserve.
    pub free_collateral: Quantity,
}

/// Tokens of the wallet that the owner lets us use.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WalletOption {
    /// Whose debt is repaid, or whose collateral is added to.
    pub pair: PairKey,
    /// Debt tokens, no more than is needed.
    pub debt: Quantity,
    /// Collateral, no more than is needed.
    pub collateral: Quantity,
    /// Why the wallet is left alone, if so.
    pub barred: Option<String>,
}

impl SaleOption {
    /// Collateral and debt are the same asset: it repays without swap and loan.
    #[must_use]
    pub fn is_same_asset(&self) -> bool {
        self.pair.collateral == self.pair.debt
    }
}

impl Situation {
    /// The target of slices: 1.10 for volatile accounts, 1.02 for correlated ones; the trim's own where the account is above
    /// that already (strategy.md §5).
    #[must_use]
    pub fn smaller_target(&self) -> Wad {
        let hundredths: u64 = match self.class {
            LoopClass::Volatile => 110,
            LoopClass::Correlated => 102,
        };
        let smaller = Wad(WAD / U256::from(100u64) * U256::from(hundredths)).min(self.target);
        if self.health_factor < smaller { smaller } else { self.target }
    }

    /// The bounds that may be used, the narrowest first. The last resort's are only for volatile accounts.
    #[must_use]
    pub fn bounds(&self) -> Vec<Pressure> {
        let next =
            self.pressure.next().filter(|next| *next != Pressure::LastResort || self.class == LoopClass::Volatile);
        [Some(self.pressure), next].into_iter().flatten().collect()
    }

    /// Why a rung cannot help here; `None` when it may.
    #[must_use]
    pub fn rules_out(&self, rung: &Rung) -> Option<String> {
        if rung.takes_collateral()
            && let Some(sale) = self.sales.iter().find(|sale| Some(&sale.pair) == rung.pair())
            && sale.free_collateral.raw.is_zero()
        {
            let symbol = &sale.free_collateral.unit;
            return Some(format!("0 {symbol} are free in the reserve, so nothing can leave it"));
        }
        let wallet = self.wallet.iter().find(|wallet| Some(&wallet.pair) == rung.pair());
        let barred = wallet.and_then(|wallet| wallet.barred.clone());
        match rung {
            Rung::RepayFromWallet { .. } | Rung::AddCollateral { .. } if barred.is_some() => barred,
            Rung::RepayFromWallet { at_most, .. } if at_most.raw.is_zero() => {
                Some(format!("the wallet holds no {}", wallet.map_or("", |wallet| wallet.debt.unit.as_str())))
            }
            Rung::AddCollateral { at_most, .. } if at_most.raw.is_zero() => {
                Some(format!("the wallet holds no {}", wallet.map_or("", |wallet| wallet.collateral.unit.as_str())))
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
        let mut rungs = Vec::new();
        for bound in &bounds {
            for sale in &self.sales {
                let pair = &sale.pair;
                if sale.is_same_asset() {
                    rungs.push(Rung::RepayWithSupply { pair: pair.clone() });
                }
                rungs.extend(sale.flash_sources.iter().filter(|_| !sale.is_same_asset()).map(|source| Rung::Flash {
                    pair: pair.clone(),
                    source: *source,
                    bound: *bound,
                    repay: sale.repay.clone(),
                }));
            }
        }
        let swapped = || self.sales.iter().filter(|sale| !sale.is_same_asset()).map(|sale| sale.pair.clone());
        rungs.extend(swapped().map(|pair| Rung::Slice { pair, goal, bound: widest }));
        rungs.extend(
            self.wallet
                .iter()
                .map(|wallet| Rung::RepayFromWallet { pair: wallet.pair.clone(), at_most: wallet.debt.clone() }),
        );
        rungs.extend(swapped().map(|pair| Rung::WithdrawAndSwap { pair, bound: widest }));
        rungs.extend(
            self.wallet
                .iter()
                .map(|wallet| Rung::AddCollateral { pair: wallet.pair.clone(), at_most: wallet.collateral.clone() }),
        );
        rungs.push(Rung::AskHuman);
        // A rung that stands in two columns of bounds, or in two pairs' wallets, is tried once.
        let mut once = Vec::with_capacity(rungs.len());
        for rung in rungs {
            if !once.contains(&rung) {
                once.push(rung);
            }
        }
        once
    }
}
