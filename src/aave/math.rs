//! Aave's fixed-point arithmetic, with the rounding of its Solidity.
//!
//! Unlike [`crate::units::mul_div_down`], products beyond 256 bits are an overflow here, because the contract
//! reverts on them.

use alloy::primitives::{U256, aliases::U120};

use crate::units::{MathError, Ray, WAD};

/// 1e27, one in ray.
pub const RAY: U256 = U256::from_limbs([11_515_845_246_265_065_472, 54_210_108, 0, 0]);
/// 100 % in basis points.
pub const PERCENTAGE_FACTOR: U256 = U256::from_limbs([10_000, 0, 0, 0]);

fn mul(a: U256, b: U256) -> Result<U256, MathError> {
    a.checked_mul(b).ok_or(MathError::Overflow)
}

fn add(a: U256, b: U256) -> Result<U256, MathError> {
    a.checked_add(b).ok_or(MathError::Overflow)
}

fn div_half_up(numerator: U256, denominator: U256) -> Result<U256, MathError> {
    add(numerator, denominator >> 1)?.checked_div(denominator).ok_or(MathError::DivisionByZero)
}

fn div_down(numerator: U256, denominator: U256) -> Result<U256, MathError> {
    numerator.checked_div(denominator).ok_or(MathError::DivisionByZero)
}

fn div_up(numerator: U256, denominator: U256) -> Result<U256, MathError> {
    let quotient = div_down(numerator, denominator)?;
    Ok(if (numerator % denominator).is_zero() { quotient } else { quotient + U256::ONE })
}

/// `a * b` in ray, half up.
pub fn ray_mul(a: U256, b: U256) -> Result<U256, MathError> {
    div_half_up(mul(a, b)?, RAY)
}

/// `a / b` in ray, half up.
pub fn ray_div(a: U256, b: U256) -> Result<U256, MathError> {
    div_half_up(mul(a, RAY)?, b)
}

/// `a / b` in wad, half up.
pub fn wad_div(a: U256, b: U256) -> Result<U256, MathError> {
    div_half_up(mul(a, WAD)?, b)
}

/// `value * bps / 100 %`, half up.
pub fn percent_mul(value: U256, bps: U256) -> Result<U256, MathError> {
    div_half_up(mul(value, bps)?, PERCENTAGE_FACTOR)
}

/// `floor(value * bps / 100 %)`.
pub fn percent_mul_down(value: U256, bps: U256) -> Result<U256, MathError> {
    div_down(mul(value, bps)?, PERCENTAGE_FACTOR)
}

/// `ceil(value * bps / 100 %)`: the flash loan premium.
pub fn percent_mul_up(value: U256, bps: U256) -> Result<U256, MathError> {
    div_up(mul(value, bps)?, PERCENTAGE_FACTOR)
}

/// `ceil(value * 100 % / bps)`: the collateral that a debt needs at an LTV.
pub fn percent_div_up(value: U256, bps: U256) -> Result<U256, MathError> {
    div_up(mul(value, PERCENTAGE_FACTOR)?, bps)
}

/// `floor(a * b / c)`.
pub fn mul_div_down(a: U256, b: U256, c: U256) -> Result<U256, MathError> {
    div_down(mul(a, b)?, c)
}

/// `ceil(a * b / c)`.
pub fn mul_div_up(a: U256, b: U256, c: U256) -> Result<U256, MathError> {
    div_up(mul(a, b)?, c)
}

/// Tokens that a scaled aToken balance stands for: down (base-replica.md §4).
pub fn supplied_amount(scaled: U256, index: Ray) -> Result<U256, MathError> {
    mul_div_down(scaled, index.0, RAY)
}

/// Scaled aTokens minted for an amount supplied: down.
pub fn scaled_to_mint(amount: U256, index: Ray) -> Result<U256, MathError> {
    mul_div_down(amount, RAY, index.0)
}

/// Scaled aTokens burned for an amount withdrawn, or moved for an amount transferred: up.
pub fn scaled_to_burn(amount: U256, index: Ray) -> Result<U256, MathError> {
    mul_div_up(amount, RAY, index.0)
}

/// Tokens that a scaled debt stands for: up.
pub fn debt_amount(scaled: U256, index: Ray) -> Result<U256, MathError> {
    mul_div_up(scaled, index.0, RAY)
}

/// Scaled debt minted for an amount borrowed: up.
pub fn scaled_debt_to_mint(amount: U256, index: Ray) -> Result<U256, MathError> {
    mul_div_up(amount, RAY, index.0)
}

/// Scaled debt burned for an amount repaid: down.
pub fn scaled_debt_to_burn(amount: U256, index: Ray) -> Result<U256, MathError> {
    mul_div_down(amount, RAY, index.0)
}

/// Passes a value that fits the contract's `uint128` storage.
pub(super) fn fits_u128(value: U256) -> Result<U256, MathError> {
    if value > U256::from(u128::MAX) { Err(MathError::Overflow) } else { Ok(value) }
}

/// Passes a value that fits the tokens' `uint120` balances.
pub(super) fn fits_u120(value: U256) -> Result<U256, MathError> {
    if value > U256::from(U120::MAX) { Err(MathError::Overflow) } else { Ok(value) }
}

/// `10 ^ decimals`.
pub(super) fn unit(decimals: u8) -> Result<U256, MathError> {
    U256::from(10u8).checked_pow(U256::from(decimals)).ok_or(MathError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ray_is_ten_to_the_27th() {
        assert_eq!(RAY, U256::from(10u8).pow(U256::from(27u8)));
    }

    #[test]
    fn halves_are_rounded_up_as_the_contract_does() {
        assert_eq!(ray_mul(U256::from(1), RAY / U256::from(2)), Ok(U256::from(1)));
        assert_eq!(ray_mul(U256::from(1), RAY / U256::from(2) - U256::from(1)), Ok(U256::ZERO));
        assert_eq!(percent_mul(U256::from(1), U256::from(5_000)), Ok(U256::from(1)));
        assert_eq!(percent_mul_up(U256::from(1), U256::from(5)), Ok(U256::from(1)));
        assert_eq!(ray_mul(U256::MAX, U256::from(2)), Err(MathError::Overflow));
        assert_eq!(ray_div(U256::ONE, U256::ZERO), Err(MathError::DivisionByZero));
    }

    #[test]
    fn a_supply_of_1_000_003_may_read_one_less() {
        let index = Ray(RAY + RAY / U256::from(7));
        let scaled = scaled_to_mint(U256::from(1_000_003), index).expect("mint");
        assert_eq!(supplied_amount(scaled, index), Ok(U256::from(1_000_002)));
    }

    fn index() -> impl Strategy<Value = Ray> {
        (0u128..4 * 10u128.pow(27)).prop_map(|extra| Ray(RAY + U256::from(extra)))
    }

    proptest! {
        #[test]
        fn every_rounding_is_against_the_user(amount in 1u128..u128::MAX >> 10, index in index()) {
            let amount = U256::from(amount);
            let minted = scaled_to_mint(amount, index).expect("mint");
            let burned = scaled_to_burn(amount, index).expect("burn");
            prop_assert!(minted <= burned && burned - minted <= U256::ONE);
            prop_assert!(supplied_amount(minted, index).expect("balance") <= amount);
            let owed = scaled_debt_to_mint(amount, index).expect("mint");
            prop_assert!(debt_amount(owed, index).expect("debt") >= amount);
        }

        #[test]
        fn repaying_the_whole_debt_burns_exactly_its_scaled_balance(scaled in 1u128..u128::MAX >> 10, index in index()) {
            let scaled = U256::from(scaled);
            let owed = debt_amount(scaled, index).expect("debt");
            prop_assert_eq!(scaled_debt_to_burn(owed, index), Ok(scaled));
        }

        #[test]
        fn withdrawing_the_whole_balance_burns_exactly_its_scaled_balance(
            scaled in 1u128..u128::MAX >> 10, index in index()
        ) {
            let scaled = U256::from(scaled);
            let balance = supplied_amount(scaled, index).expect("balance");
            prop_assume!(!balance.is_zero());
            prop_assert_eq!(scaled_to_burn(balance, index), Ok(scaled));
        }

        #[test]
        fn balances_grow_with_the_index(scaled in 0u128..u128::MAX >> 10, a in index(), b in index()) {
            let (low, high) = if a <= b { (a, b) } else { (b, a) };
            let scaled = U256::from(scaled);
            prop_assert!(supplied_amount(scaled, low).expect("low") <= supplied_amount(scaled, high).expect("high"));
            prop_assert!(debt_amount(scaled, low).expect("low") <= debt_amount(scaled, high).expect("high"));
        }
    }
}
