//! Amounts and prices within one stretch of constant liquidity, rounded as v3-core's `SqrtPriceMath`.
//!
//! Every rounding favours the pool: amounts in are rounded up, amounts out down, and prices move far enough to give
//! an exact output and no further than an input pays for.

use alloy::primitives::U256;

use crate::units::{MathError, mul_div_down, mul_div_up};

const RESOLUTION: usize = 96;
const Q96: U256 = U256::from_limbs([0, 1 << 32, 0, 0]);

/// Token0 between two prices, in any order, at this liquidity: `L (upper - lower) / (upper lower)`, rounded up.
pub(in crate::dex) fn amount0_up(a: U256, b: U256, liquidity: u128) -> Result<U256, MathError> {
    let (lower, upper) = sorted(a, b)?;
    div_up(mul_div_up(shifted(liquidity), upper - lower, upper)?, lower)
}

/// As [`amount0_up`], rounded down.
pub(in crate::dex) fn amount0_down(a: U256, b: U256, liquidity: u128) -> Result<U256, MathError> {
    let (lower, upper) = sorted(a, b)?;
    Ok(mul_div_down(shifted(liquidity), upper - lower, upper)? / lower)
}

/// Token1 between two prices, in any order, at this liquidity: `L (upper - lower)`, rounded up.
pub(in crate::dex) fn amount1_up(a: U256, b: U256, liquidity: u128) -> Result<U256, MathError> {
    let (lower, upper) = sorted(a, b)?;
    mul_div_up(U256::from(liquidity), upper - lower, Q96)
}

/// As [`amount1_up`], rounded down.
pub(in crate::dex) fn amount1_down(a: U256, b: U256, liquidity: u128) -> Result<U256, MathError> {
    let (lower, upper) = sorted(a, b)?;
    mul_div_down(U256::from(liquidity), upper - lower, Q96)
}

/// The price after `amount` of token0 came in; rounded up.
pub(in crate::dex) fn after_token0_in(price: U256, liquidity: u128, amount: U256) -> Result<U256, MathError> {
    if amount.is_zero() {
        return Ok(price);
    }
    let numerator = shifted(liquidity);
    let exact = amount.checked_mul(price).and_then(|product| numerator.checked_add(product));
    if let Some(denominator) = exact {
        return mul_div_up(numerator, price, denominator);
    }
    // The contract's less precise form where the exact one does not fit 256 bits.
    let denominator = (numerator / price).checked_add(amount).ok_or(MathError::Overflow)?;
    div_up(numerator, denominator)
}

/// The price after `amount` of token1 came in; rounded down.
pub(in crate::dex) fn after_token1_in(price: U256, liquidity: u128, amount: U256) -> Result<U256, MathError> {
    let rise = mul_div_down(amount, Q96, U256::from(liquidity))?;
    fitting(price.checked_add(rise).ok_or(MathError::Overflow)?)
}

/// The price after `amount` of token0 went out; rounded up. An overflow if the stretch does not hold that much.
pub(in crate::dex) fn after_token0_out(price: U256, liquidity: u128, amount: U256) -> Result<U256, MathError> {
    if amount.is_zero() {
        return Ok(price);
    }
    let numerator = shifted(liquidity);
    let product = amount.checked_mul(price).filter(|product| numerator > *product).ok_or(MathError::Overflow)?;
    fitting(mul_div_up(numerator, price, numerator - product)?)
}

/// The price after `amount` of token1 went out; rounded down. An overflow if the stretch does not hold that much.
pub(in crate::dex) fn after_token1_out(price: U256, liquidity: u128, amount: U256) -> Result<U256, MathError> {
    let fall = mul_div_up(amount, Q96, U256::from(liquidity))?;
    price.checked_sub(fall).filter(|after| !after.is_zero()).ok_or(MathError::Overflow)
}

fn shifted(liquidity: u128) -> U256 {
    U256::from(liquidity) << RESOLUTION
}

fn sorted(a: U256, b: U256) -> Result<(U256, U256), MathError> {
    let (lower, upper) = if a < b { (a, b) } else { (b, a) };
    if lower.is_zero() { Err(MathError::DivisionByZero) } else { Ok((lower, upper)) }
}

fn div_up(a: U256, b: U256) -> Result<U256, MathError> {
    if b.is_zero() {
        return Err(MathError::DivisionByZero);
    }
    let (quotient, remainder) = a.div_rem(b);
    Ok(if remainder.is_zero() { quotient } else { quotient + U256::ONE })
}

fn fitting(price: U256) -> Result<U256, MathError> {
    if price.bit_len() > 160 { Err(MathError::Overflow) } else { Ok(price) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn price() -> impl Strategy<Value = U256> {
        (0i32..887_000, any::<bool>())
            .prop_map(|(tick, up)| crate::dex::sqrt_ratio_at_tick(if up { tick } else { -tick }))
    }

    proptest! {
        #[test]
        fn what_comes_in_is_never_less_than_what_the_same_stretch_gives_out(
            a in price(), b in price(), liquidity in any::<u128>(),
        ) {
            if let (Ok(up), Ok(down)) = (amount0_up(a, b, liquidity), amount0_down(a, b, liquidity)) {
                prop_assert!(up >= down && up - down <= U256::from(2));
            }
            if let (Ok(up), Ok(down)) = (amount1_up(a, b, liquidity), amount1_down(a, b, liquidity)) {
                prop_assert!(up >= down && up - down <= U256::ONE);
            }
        }

        #[test]
        fn the_price_moves_far_enough_for_an_exact_output(
            price in price(), liquidity in 1u128.., amount in any::<u128>(),
        ) {
            let amount = U256::from(amount);
            if let Ok(after) = after_token0_out(price, liquidity, amount) {
                prop_assert!(amount0_down(price, after, liquidity).expect("amount") >= amount);
            }
            if let Ok(after) = after_token1_out(price, liquidity, amount) {
                prop_assert!(amount1_down(price, after, liquidity).expect("amount") >= amount);
            }
        }

        #[test]
        fn the_price_moves_no_further_than_the_input_pays_for(
            price in price(), liquidity in 1u128.., amount in any::<u128>(),
        ) {
            let amount = U256::from(amount);
            if let Ok(after) = after_token0_in(price, liquidity, amount) {
                prop_assert!(after <= price);
                prop_assert!(after.is_zero() || amount0_up(price, after, liquidity).expect("amount") <= amount);
            }
            if let Ok(after) = after_token1_in(price, liquidity, amount) {
                prop_assert!(after >= price);
                prop_assert!(amount1_up(price, after, liquidity).expect("amount") <= amount);
            }
        }
    }
}
