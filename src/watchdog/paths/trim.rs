//! The rungs of the ladder, carried out on the simulated loop.

use alloy::primitives::U256;

use super::{
    Position,
    path::{BONUS, THRESHOLD},
    swap::{Pool, cost_bps},
};
use crate::{
    config::BoundsConfig,
    loops::FlashSource,
    units::{Bps, MathError, UsdE8, WAD, Wad, mul_div_down, mul_div_up},
    watchdog::{
        ladder::{Rung, RungOutcome},
        rules::Pressure,
    },
};

/// Aave's flash fee.
const AAVE_FEE: Bps = Bps(5);
/// Kept of what a swap may lose for the fee of the loan, basis points.
const LOAN_FEE: u32 = 10;
/// What stays above one while collateral leaves without a loan, hundredths.
const LEAST_UNWOUND: u64 = 101;

/// One head's loop, pool and prices.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    pub(super) position: &'a mut Position,
    pub(super) wallet: &'a mut U256,
    pub(super) pool: Pool,
    pub(super) bounds: &'a BoundsConfig,
    /// Aave's price.
    pub(super) oracle: UsdE8,
    /// What costs are measured against: Aave's price, or the lower one of the feed behind it.
    pub(super) reference: UsdE8,
    /// Where the trim should end, by Aave's price.
    pub(super) target: Wad,
    pub(super) best_source_empty: bool,
}

impl Bench<'_> {
    /// Tries a rung.
    pub(super) fn attempt(&mut self, rung: &Rung) -> Result<RungOutcome, MathError> {
        match rung {
            Rung::Flash { source: FlashSource::MorphoBlue, .. } if self.best_source_empty => {
                Ok(RungOutcome::Impossible("Morpho Blue holds nothing to lend".to_owned()))
            }
            Rung::Flash { source, bound, .. } => self.flash(*source, *bound),
            Rung::Slice { bound, .. } => self.slice(*bound),
            Rung::RepayFromWallet { at_most, .. } => Ok(self.repay(*at_most)),
            Rung::WithdrawAndSwap { bound, .. } => self.unwind(*bound),
            Rung::AskHuman => Ok(RungOutcome::Done),
            _ => Ok(RungOutcome::Impossible("the simulated wallet holds no collateral".to_owned())),
        }
    }

    fn flash(&mut self, source: FlashSource, bound: Pressure) -> Result<RungOutcome, MathError> {
        let fee = if source == FlashSource::MorphoBlue { Bps(0) } else { AAVE_FEE };
        let Some((repaid, after)) = self.smallest_to_target(fee)? else {
            return Ok(RungOutcome::Impossible("no repayment reaches the target".to_owned()));
        };
        let (cost, most) = (self.cost(repaid, after)?, self.most(bound)?);
        if cost > most.0 {
            let reason = format!("the swap would lose {}, the {bound} bound is {most}", Bps(cost));
            return Ok(RungOutcome::Impossible(reason));
        }
        *self.position = after;
        Ok(RungOutcome::Done)
    }

    /// The largest repayment within the bound, at the dearer source's fee.
    fn slice(&mut self, bound: Pressure) -> Result<RungOutcome, MathError> {
        let most = self.most(bound)?;
        let (mut low, mut high) = (U256::ZERO, self.position.debt);
        while high.saturating_sub(low) > U256::ONE {
            let middle = low.saturating_add(high) >> 1;
            let fits = match self.after(middle, AAVE_FEE)? {
                Some(after) => self.cost(middle, after)? <= most.0 && after.health_factor(self.oracle)? <= self.target,
                None => false,
            };
            if fits { low = middle } else { high = middle }
        }
        // Less than a thousandth of the debt is not worth a transaction.
        let worth = low > self.position.debt / U256::from(1_000u64);
        match self.after(low, AAVE_FEE)?.filter(|_| worth) {
            Some(after) => {
                *self.position = after;
                Ok(RungOutcome::Done)
            }
            None => {
                Ok(RungOutcome::Impossible(format!("not even a thousandth of the debt is to be had within {most}")))
            }
        }
    }

    fn repay(&mut self, at_most: U256) -> RungOutcome {
        let paid = at_most.min(self.position.debt).min(*self.wallet);
        self.position.debt = self.position.debt.saturating_sub(paid);
        *self.wallet = self.wallet.saturating_sub(paid);
        RungOutcome::Done
    }

    /// As much collateral as leaves the health factor above one, swapped and repaid.
    fn unwind(&mut self, bound: Pressure) -> Result<RungOutcome, MathError> {
        let least = WAD / U256::from(100u64) * U256::from(LEAST_UNWOUND);
        let health = self.position.health_factor(self.oracle)?.0;
        if health <= least {
            return Ok(RungOutcome::Impossible("no collateral can leave above a health factor of 1.01".to_owned()));
        }
        let stays = mul_div_up(self.position.collateral, least, health)?;
        let leaves = self.position.collateral.saturating_sub(stays);
        let out = self.pool.sell(leaves)?.min(self.position.debt);
        let (cost, most) = (cost_bps(leaves, out, self.reference)?, self.most(bound)?);
        if cost > most.0 || out.is_zero() {
            return Ok(RungOutcome::Impossible(format!(
                "the swap would lose {}, the {bound} bound is {most}",
                Bps(cost)
            )));
        }
        self.position.collateral = stays;
        self.position.debt = self.position.debt.saturating_sub(out);
        Ok(RungOutcome::Done)
    }

    /// The class's bound, and no more than raises the health factor at the reference, as plans hold it.
    fn most(&self, bound: Pressure) -> Result<Bps, MathError> {
        let class = match bound {
            Pressure::Trim => self.bounds.trim.slippage_bps,
            Pressure::Urgent => self.bounds.urgent.slippage_bps,
            Pressure::LastResort => {
                Bps(BONUS.0.saturating_sub(Bps::ONE.0).saturating_sub(self.bounds.last_resort.below_bonus_bps.0))
            }
        };
        let (whole, health) = (U256::from(Bps::ONE.0), self.position.health_factor(self.reference)?.0);
        let counts = mul_div_up(WAD, U256::from(THRESHOLD.0), whole)?;
        let room: u32 = mul_div_down(health.saturating_sub(counts), whole, health.max(U256::ONE))?.saturating_to();
        Ok(class.min(Bps(room.saturating_sub(LOAN_FEE))))
    }

    /// The loop after repaying from a loan; `None` when pool or collateral do not reach.
    fn after(&self, repaid: U256, fee: Bps) -> Result<Option<Position>, MathError> {
        let whole = U256::from(Bps::ONE.0);
        let owed = mul_div_up(repaid, whole.saturating_add(U256::from(fee.0)), whole)?;
        let Some(sold) = self.pool.sell_for(owed)? else { return Ok(None) };
        let Some(collateral) = self.position.collateral.checked_sub(sold) else { return Ok(None) };
        Ok(Some(Position { collateral, debt: self.position.debt.saturating_sub(repaid) }))
    }

    fn cost(&self, repaid: U256, after: Position) -> Result<u32, MathError> {
        cost_bps(self.position.collateral.saturating_sub(after.collateral), repaid, self.reference)
    }

    fn smallest_to_target(&self, fee: Bps) -> Result<Option<(U256, Position)>, MathError> {
        let reaches = |repaid| -> Result<Option<Position>, MathError> {
            let Some(after) = self.after(repaid, fee)? else { return Ok(None) };
            Ok((after.health_factor(self.oracle)? >= self.target).then_some(after))
        };
        let most = self.most_repayable(fee)?;
        let Some(mut found) = reaches(most)? else { return Ok(None) };
        let (mut low, mut high) = (U256::ZERO, most);
        while high.saturating_sub(low) > U256::ONE {
            let middle = low.saturating_add(high) >> 1;
            match reaches(middle)? {
                Some(after) => (high, found) = (middle, after),
                None => low = middle,
            }
        }
        Ok(Some((high, found)))
    }

    /// All of the debt, or the most that pool and collateral reach for.
    fn most_repayable(&self, fee: Bps) -> Result<U256, MathError> {
        if self.after(self.position.debt, fee)?.is_some() {
            return Ok(self.position.debt);
        }
        let (mut low, mut high) = (U256::ZERO, self.position.debt);
        while high.saturating_sub(low) > U256::ONE {
            let middle = low.saturating_add(high) >> 1;
            if self.after(middle, fee)?.is_some() { low = middle } else { high = middle }
        }
        Ok(low)
    }
}
