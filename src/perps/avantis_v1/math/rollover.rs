//! Rollover: what holding a position costs, by block.

use alloy::primitives::U256;

use super::{OpenInterest, notional};
use crate::{
    perps::{
        LeverageE10, Side, Usdc,
        int::{add, e10, hundred_percent, sub},
    },
    units::{MathError, mul_div_down},
};

/// Weights of the pair's and of its group's utilisation, plain per cent.
const PAIR_WEIGHT: u64 = 25;
const GROUP_WEIGHT: u64 = 75;

/// Rollover accrued for one unit of open interest since the pair was listed, 1e10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Accrual(pub U256);

/// How much of what may be open is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Utilisation {
    /// The pair's open interest.
    pub pair: OpenInterest,
    /// Most that may be open on the pair (`PairStorage.pairMaxOI`).
    pub pair_most: Usdc,
    /// Open interest of the pair's whole group (`groupOI`).
    pub group: Usdc,
    /// Most that may be open in the group (`groupMaxOI`).
    pub group_most: Usdc,
}

impl Utilisation {
    /// Three parts the group's, one part the pair's; 1e10 is all. Mirrors `PairInfos.getBlendedUtilizationRatio`.
    fn blended(&self) -> Result<U256, MathError> {
        let pair = mul_div_down(self.pair.total()?, e10(), self.pair_most.0)?;
        let group = mul_div_down(self.group.0, e10(), self.group_most.0)?;
        let weighted = |part: U256, weight| part.checked_mul(U256::from(weight)).ok_or(MathError::Overflow);
        Ok(add(weighted(group, GROUP_WEIGHT)?, weighted(pair, PAIR_WEIGHT)?)? / U256::from(100))
    }

    /// `u s / (100 − u s)`, 1e10, with `u` the utilisation and `s` the side's share of the pair's open interest in plain
    /// per cent (`PairInfos.getBlendedSkew` of pairs with dynamic spread).
    fn weight(&self, side: Side) -> Result<U256, MathError> {
        let share = mul_div_down(U256::from(100), self.pair.of(side).0, self.pair.total()?)?;
        let used = self.blended()?.checked_mul(share).ok_or(MathError::Overflow)?;
        mul_div_down(e10(), used, sub(hundred_percent(), used)?)
    }
}

/// A pair's accruals as last stored (`PairInfos.pairRolloverFees`), and how they grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accruals {
    /// Of the longs.
    pub long: Accrual,
    /// Of the shorts.
    pub short: Accrual,
    /// Block in which they were stored.
    pub updated: u64,
    /// Base of the fee per block, 1e-10 per cent (`getRolloverFeePerBlockP`).
    pub per_block: U256,
    /// Utilisation since then.
    pub utilisation: Utilisation,
}

impl Accruals {
    /// Accrued at a block if nothing is opened, closed or paid in before it. Mirrors
    /// `PairInfos.getPendingAccRolloverFees`: rounded down once for all blocks since the last update.
    pub fn at(&self, side: Side, block: u64) -> Result<Accrual, MathError> {
        let stored = match side {
            Side::Long => self.long,
            Side::Short => self.short,
        };
        if self.utilisation.pair.total()?.is_zero() {
            return Ok(stored);
        }
        let blocks = block.checked_sub(self.updated).ok_or(MathError::Overflow)?;
        let base = self.per_block.checked_mul(U256::from(blocks)).ok_or(MathError::Overflow)?;
        let grown = mul_div_down(self.utilisation.weight(side)?, base, hundred_percent())?;
        add(stored.0, grown).map(Accrual)
    }
}

/// What a collateral has to pay for the accrual between two moments. Mirrors `PairInfos.getTradeRolloverFeePure`: the
/// notional is rounded down, and the product.
pub fn rollover(since: Accrual, until: Accrual, collateral: Usdc, leverage: LeverageE10) -> Result<Usdc, MathError> {
    let accrued = sub(until.0, since.0)?;
    mul_div_down(accrued, notional(collateral, leverage)?.0, e10()).map(Usdc)
}
