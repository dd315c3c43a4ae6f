//! A loop of WETH against USDC by Aave's arithmetic.

use alloy::primitives::U256;

use super::path::THRESHOLD;
use crate::{
    aave::math::{PERCENTAGE_FACTOR, wad_div},
    units::{MathError, UsdE8, Wad, mul_div_down, mul_div_up},
};

/// Amounts of a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// WETH, 18 decimals.
    pub collateral: U256,
    /// USDC, 6 decimals.
    pub debt: U256,
}

/// One whole WETH.
pub(super) const ETHER: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
/// From USDC's 6 decimals to a dollar's 8.
pub(super) const CENTI: U256 = U256::from_limbs([100, 0, 0, 0]);

impl Position {
    /// Value of the collateral, rounded down.
    pub fn collateral_value(&self, price: UsdE8) -> Result<UsdE8, MathError> {
        mul_div_down(self.collateral, price.0, ETHER).map(UsdE8)
    }

    /// Value of the debt; USDC stands at one dollar.
    pub fn debt_value(&self) -> Result<UsdE8, MathError> {
        self.debt.checked_mul(CENTI).map(UsdE8).ok_or(MathError::Overflow)
    }

    /// Aave's health factor, with the rounding of `getUserAccountData`.
    pub fn health_factor(&self, price: UsdE8) -> Result<Wad, MathError> {
        let debt = self.debt_value()?.0;
        if debt.is_zero() {
            return Ok(Wad(U256::MAX));
        }
        let counted =
            self.collateral_value(price)?.0.checked_mul(U256::from(THRESHOLD.0)).ok_or(MathError::Overflow)?;
        Ok(Wad(wad_div(counted, debt)? / PERCENTAGE_FACTOR))
    }

    /// What is left of the collateral after the debt, nothing when the debt is more.
    pub fn equity(&self, price: UsdE8) -> Result<UsdE8, MathError> {
        Ok(UsdE8(self.collateral_value(price)?.0.saturating_sub(self.debt_value()?.0)))
    }

    /// Lets the debt grow by parts per billion, rounded up.
    pub(super) fn accrue(&mut self, growth: u64) -> Result<(), MathError> {
        let billion = U256::from(1_000_000_000u64);
        self.debt = mul_div_up(self.debt, billion.saturating_add(U256::from(growth)), billion)?;
        Ok(())
    }
}
