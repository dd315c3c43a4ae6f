//! The exponential function in fixed point.
//!
//! The contracts compute it in 113-bit binary floating point and round the scaled result down. Here it has 128 bits
//! behind the point; both roundings agree unless the true value lies within 1e-20 of a whole number of 1e-10.

use alloy::primitives::U256;

use crate::{
    perps::int::{add, e10},
    units::{MathError, mul_div_down},
};

/// Bits behind the point.
const FRACTION: usize = 128;
/// `ln 2 × 2^128`, rounded down (OEIS A002162).
const LN_2: U256 = U256::from_limbs([0xc9e3_b398_03f2_f6af, 0xb172_17f7_d1cf_79ab, 0, 0]);
/// Terms of the series after which nothing is left at 128 bits, for arguments below `ln 2`.
const TERMS: u64 = 40;
/// Powers of two beyond which nothing meaningful fits: e^140 per cent is more than any spread cap.
const MOST_DOUBLINGS: usize = 200;

/// `floor(1e10 × e^(numerator / denominator))`.
pub(super) fn exp_e10(numerator: U256, denominator: U256) -> Result<U256, MathError> {
    let one = U256::ONE << FRACTION;
    let argument = mul_div_down(numerator, one, denominator)?;
    let (doublings, rest) = argument.div_rem(LN_2);
    let doublings = usize::try_from(doublings).ok().filter(|count| *count <= MOST_DOUBLINGS);
    let doublings = doublings.ok_or(MathError::Overflow)?;
    let mut term = one;
    let mut sum = one;
    for index in 1..=TERMS {
        term = mul_div_down(term, rest, one)? / U256::from(index);
        sum = add(sum, term)?;
    }
    let scaled = sum.checked_mul(e10()).ok_or(MathError::Overflow)?;
    if doublings <= FRACTION { Ok(scaled >> (FRACTION - doublings)) } else { Ok(scaled << (doublings - FRACTION)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exp(numerator: u64, denominator: u64) -> U256 {
        exp_e10(U256::from(numerator), U256::from(denominator)).expect("in range")
    }

    #[test]
    fn known_values_to_the_last_digit() {
        assert_eq!(exp(0, 1), U256::from(10_000_000_000u64));
        assert_eq!(exp(1, 1), U256::from(27_182_818_284u64));
        assert_eq!(exp(10, 1), U256::from(220_264_657_948_067u64));
        assert_eq!(exp(1, 3), U256::from(13_956_124_250u64));
        // e^100 = 26881171418161354484126255515800135873611118.77…
        assert_eq!(exp(100, 1).to_string().get(..36), Some("268811714181613544841262555158001358"));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert_eq!(exp_e10(U256::from(1000), U256::ONE), Err(MathError::Overflow));
        assert_eq!(exp_e10(U256::ONE, U256::ZERO), Err(MathError::DivisionByZero));
    }
}
