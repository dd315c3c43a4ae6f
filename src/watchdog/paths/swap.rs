//! The pool: constant product, filled up again after each block.

use alloy::primitives::U256;

use super::{
    Step,
    position::{CENTI, ETHER},
};
use crate::units::{Bps, MathError, UsdE8, mul_div_down, mul_div_up};

/// Fee of the pool.
const FEE: Bps = Bps(5);

/// The pool at one block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pool {
    price: UsdE8,
    /// Value of either side, USD with 8 decimals.
    depth: U256,
}

impl Pool {
    /// `first_debt` is the loop's debt when the path began, USDC.
    pub(super) fn new(step: &Step, first_debt: U256) -> Result<Self, MathError> {
        let depth = mul_div_down(first_debt.saturating_mul(CENTI), U256::from(step.depth), U256::from(100u64))?;
        Ok(Self { price: step.pool, depth: depth.max(U256::ONE) })
    }

    /// WETH to sell for an amount of USDC, rounded up; `None` when the pool does not hold as much.
    pub(super) fn sell_for(&self, usdc: U256) -> Result<Option<U256>, MathError> {
        let out = usdc.checked_mul(CENTI).ok_or(MathError::Overflow)?;
        let Some(rest) = self.depth.checked_sub(out).filter(|rest| !rest.is_zero()) else { return Ok(None) };
        let before_fee = mul_div_up(self.depth, out, rest)?;
        let paid = mul_div_up(before_fee, U256::from(Bps::ONE.0), U256::from(Bps::ONE.0 - FEE.0))?;
        mul_div_up(paid, ETHER, self.price.0).map(Some)
    }

    /// USDC for an amount of WETH, rounded down.
    pub(super) fn sell(&self, weth: U256) -> Result<U256, MathError> {
        let value = mul_div_down(weth, self.price.0, ETHER)?;
        Ok(self.through(value)? / CENTI)
    }

    /// WETH for an amount of USDC, rounded down.
    pub(super) fn buy(&self, usdc: U256) -> Result<U256, MathError> {
        let value = usdc.checked_mul(CENTI).ok_or(MathError::Overflow)?;
        mul_div_down(self.through(value)?, ETHER, self.price.0)
    }

    fn through(&self, value: U256) -> Result<U256, MathError> {
        let paid = mul_div_down(value, U256::from(Bps::ONE.0 - FEE.0), U256::from(Bps::ONE.0))?;
        mul_div_down(self.depth, paid, self.depth.saturating_add(paid))
    }
}

/// What a sale of WETH loses against a price, in basis points rounded up; nothing when it gains.
pub(super) fn cost_bps(weth: U256, usdc: U256, price: UsdE8) -> Result<u32, MathError> {
    let ideal = mul_div_up(weth, price.0, ETHER)?;
    let lost = ideal.saturating_sub(usdc.saturating_mul(CENTI));
    if lost.is_zero() {
        return Ok(0);
    }
    Ok(mul_div_up(lost, U256::from(Bps::ONE.0), ideal)?.saturating_to())
}
