//! Multiply-then-divide with a 512-bit intermediate and a named rounding direction.

use alloy::primitives::{U256, U512};

/// What integer arithmetic on money can run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MathError {
    /// The result does not fit the type.
    #[error("arithmetic overflow")]
    Overflow,
    /// The divisor was zero.
    #[error("division by zero")]
    DivisionByZero,
}

/// `floor(a * b / denominator)`, exact for any product up to 512 bits.
pub fn mul_div_down(a: U256, b: U256, denominator: U256) -> Result<U256, MathError> {
    Ok(divide(a, b, denominator)?.0)
}

/// `ceil(a * b / denominator)`, exact for any product up to 512 bits.
pub fn mul_div_up(a: U256, b: U256, denominator: U256) -> Result<U256, MathError> {
    let (quotient, has_remainder) = divide(a, b, denominator)?;
    if has_remainder { quotient.checked_add(U256::ONE).ok_or(MathError::Overflow) } else { Ok(quotient) }
}

fn divide(a: U256, b: U256, denominator: U256) -> Result<(U256, bool), MathError> {
    if denominator.is_zero() {
        return Err(MathError::DivisionByZero);
    }
    if let Some(product) = a.checked_mul(b) {
        let (quotient, remainder) = product.div_rem(denominator);
        return Ok((quotient, !remainder.is_zero()));
    }
    let product: U512 = a.widening_mul(b);
    let (quotient, remainder) = product.div_rem(U512::from(denominator));
    let quotient = U256::checked_from_limbs_slice(quotient.as_limbs()).ok_or(MathError::Overflow)?;
    Ok((quotient, !remainder.is_zero()))
}

/// Floor of the square root.
#[must_use]
pub fn isqrt(value: U512) -> U512 {
    value.root(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_u256() -> impl Strategy<Value = U256> {
        any::<[u64; 4]>().prop_map(U256::from_limbs)
    }

    proptest! {
        #[test]
        fn up_and_down_differ_by_at_most_one(a in any_u256(), b in any_u256(), d in any_u256()) {
            prop_assume!(!d.is_zero());
            if let (Ok(down), Ok(up)) = (mul_div_down(a, b, d), mul_div_up(a, b, d)) {
                prop_assert!(up == down || up == down + U256::ONE);
                let product: U512 = a.widening_mul(b);
                let low: U512 = down.widening_mul(d);
                let high: U512 = up.widening_mul(d);
                prop_assert!(low <= product && high >= product);
            }
        }
    }

    #[test]
    fn a_result_above_256_bits_is_an_overflow_not_a_wrap() {
        assert_eq!(mul_div_down(U256::MAX, U256::MAX, U256::ONE), Err(MathError::Overflow));
        assert_eq!(mul_div_up(U256::MAX, U256::MAX, U256::MAX), Ok(U256::MAX));
        assert_eq!(mul_div_down(U256::ONE, U256::ONE, U256::ZERO), Err(MathError::DivisionByZero));
    }

    #[test]
    fn square_root_is_the_floor() {
        assert_eq!(isqrt(U512::from(99)), U512::from(9));
        assert_eq!(isqrt(U512::from(100)), U512::from(10));
    }
}
