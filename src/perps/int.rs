//! Checked steps between the contracts' signed and unsigned numbers.

use alloy::primitives::{I256, U256};

use crate::units::MathError;

/// One in the scale of prices, leverages and per cent.
pub(super) const E10: u64 = 10_000_000_000;
/// A whole, in per cent of 1e10.
pub(super) const HUNDRED_PERCENT: u64 = 100 * E10;

/// 1e10 as an integer of 256 bits.
pub(super) const fn e10() -> U256 {
    U256::from_limbs([E10, 0, 0, 0])
}

/// 100 % in 1e10.
pub(super) const fn hundred_percent() -> U256 {
    U256::from_limbs([HUNDRED_PERCENT, 0, 0, 0])
}

/// An unsigned number as a signed one.
pub(super) fn signed(value: U256) -> Result<I256, MathError> {
    I256::try_from(value).map_err(|_| MathError::Overflow)
}

/// A signed number as an unsigned one; negative is an overflow, as in the contracts.
pub(super) fn unsigned(value: I256) -> Result<U256, MathError> {
    U256::try_from(value).map_err(|_| MathError::Overflow)
}

/// `a × b / divisor`, towards zero, with the product in 256 bits as the contracts have it.
pub(super) fn mul_div_towards_zero(a: I256, b: I256, divisor: I256) -> Result<I256, MathError> {
    if divisor.is_zero() {
        return Err(MathError::DivisionByZero);
    }
    a.checked_mul(b).and_then(|product| product.checked_div(divisor)).ok_or(MathError::Overflow)
}

/// A share in per cent (1e10) of a signed amount, towards zero.
pub(super) fn percent_towards_zero(amount: I256, percent: I256) -> Result<I256, MathError> {
    mul_div_towards_zero(percent, amount, signed(hundred_percent())?)
}

/// `a + b`.
pub(super) fn add(a: U256, b: U256) -> Result<U256, MathError> {
    a.checked_add(b).ok_or(MathError::Overflow)
}

/// `a − b`; below zero is an overflow, as in the contracts.
pub(super) fn sub(a: U256, b: U256) -> Result<U256, MathError> {
    a.checked_sub(b).ok_or(MathError::Overflow)
}

/// `a + b`, signed.
pub(super) fn add_signed(a: I256, b: I256) -> Result<I256, MathError> {
    a.checked_add(b).ok_or(MathError::Overflow)
}

/// `a − b`, signed.
pub(super) fn sub_signed(a: I256, b: I256) -> Result<I256, MathError> {
    a.checked_sub(b).ok_or(MathError::Overflow)
}
