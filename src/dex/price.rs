//! Prices of pools as exact fractions, against oracles, and what a swap moves them.

use alloy::primitives::{U256, U512};
use rust_decimal::Decimal;

use super::{
    pool_id::ONE_PIPS,
    uniswap_v3::{Direction, PoolState, Swap},
};
use crate::units::{MathError, UsdE8, isqrt, to_decimal};

/// A pool's price: token1 per token0 in smallest units, as an exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpotPrice {
    numerator: U512,
    denominator: U512,
}

impl SpotPrice {
    /// From a square root price, Q64.96: `sqrt_price² / 2^192`.
    #[must_use]
    pub fn from_sqrt(sqrt_price_x96: U256) -> Self {
        Self { numerator: sqrt_price_x96.widening_mul(sqrt_price_x96), denominator: U512::ONE << 192 }
    }

    /// So many of token1 for so many of token0; `None` for nothing of token0.
    #[must_use]
    pub fn from_amounts(of_token1: U256, of_token0: U256) -> Option<Self> {
        (!of_token0.is_zero()).then(|| Self { numerator: U512::from(of_token1), denominator: U512::from(of_token0) })
    }

    /// Numerator, in units of token1.
    #[must_use]
    pub const fn numerator(&self) -> U512 {
        self.numerator
    }

    /// Denominator, in units of token0; never zero.
    #[must_use]
    pub const fn denominator(&self) -> U512 {
        self.denominator
    }

    /// Token1 for one whole token0, for people; `None` beyond what a [`Decimal`] holds.
    #[must_use]
    pub fn to_decimal(&self, decimals0: u8, decimals1: u8) -> Option<Decimal> {
        const DIGITS: u8 = 18;
        let top = self.numerator.checked_mul(power(decimals0)?)?.checked_mul(power(DIGITS)?)?;
        let bottom = self.denominator.checked_mul(power(decimals1)?)?;
        to_decimal(narrow(top / bottom).ok()?, DIGITS)
    }
}

impl PoolState {
    /// The price at which an infinitely small swap would go, before its fee.
    #[must_use]
    pub fn spot_price(&self) -> SpotPrice {
        SpotPrice::from_sqrt(self.sqrt_price_x96)
    }
}

impl Swap {
    /// The part of the input that is fee, in hundredths of a basis point, rounded up.
    #[must_use]
    pub fn fee_pips(&self) -> u32 {
        share_up(U512::from(self.fee_amount), U512::from(self.amount_in))
    }

    /// What the swap loses against the spot price before it, its fee not counted, in hundredths of a basis point,
    /// rounded up: the price impact.
    pub fn price_impact_pips(&self, before: SpotPrice) -> Result<u32, MathError> {
        let input = U512::from(self.amount_in.saturating_sub(self.fee_amount));
        let output = U512::from(self.amount_out);
        // What went in and what came out, both in units of output, over a common denominator.
        let (ideal, real) = match self.direction {
            Direction::ZeroForOne => (input.checked_mul(before.numerator()), output.checked_mul(before.denominator())),
            Direction::OneForZero => (input.checked_mul(before.denominator()), output.checked_mul(before.numerator())),
        };
        let (ideal, real) = (ideal.ok_or(MathError::Overflow)?, real.ok_or(MathError::Overflow)?);
        Ok(share_up(ideal.saturating_sub(real), ideal))
    }
}

/// How far a pool's price is from the oracle's, in basis points of the oracle's, rounded away from zero; above zero
/// when token0 is worth more in the pool. `decimals` are those of the tokens.
pub fn deviation_bps(
    pool: SpotPrice,
    price0: UsdE8,
    decimals0: u8,
    price1: UsdE8,
    decimals1: u8,
) -> Result<i64, MathError> {
    let (oracle_top, oracle_bottom) = oracle_fraction(price0, decimals0, price1, decimals1)?;
    let in_pool = pool.numerator().checked_mul(oracle_bottom).ok_or(MathError::Overflow)?;
    let in_oracle = pool.denominator().checked_mul(oracle_top).ok_or(MathError::Overflow)?;
    if in_oracle.is_zero() {
        return Err(MathError::DivisionByZero);
    }
    let above = in_pool > in_oracle;
    let apart = if above { in_pool - in_oracle } else { in_oracle - in_pool };
    let scaled = apart.checked_mul(U512::from(10_000)).ok_or(MathError::Overflow)?;
    let size = i64::try_from(div_up(scaled, in_oracle)).map_err(|_| MathError::Overflow)?;
    Ok(if above { size } else { -size })
}

/// The square root price, Q64.96 rounded down, at which a pool agrees with the oracle (base-replica.md §3.1).
pub fn sqrt_price_at(price0: UsdE8, decimals0: u8, price1: UsdE8, decimals1: u8) -> Result<U256, MathError> {
    let (top, bottom) = oracle_fraction(price0, decimals0, price1, decimals1)?;
    if bottom.is_zero() {
        return Err(MathError::DivisionByZero);
    }
    let scaled = top.checked_mul(U512::ONE << 192).ok_or(MathError::Overflow)?;
    narrow(isqrt(scaled / bottom))
}

/// Token1 per token0 in smallest units by the oracle.
fn oracle_fraction(price0: UsdE8, decimals0: u8, price1: UsdE8, decimals1: u8) -> Result<(U512, U512), MathError> {
    let scaled = |price: UsdE8, decimals: u8| U512::from(price.0).checked_mul(power(decimals)?);
    let top = scaled(price0, decimals1).ok_or(MathError::Overflow)?;
    let bottom = scaled(price1, decimals0).ok_or(MathError::Overflow)?;
    Ok((top, bottom))
}

fn power(exponent: u8) -> Option<U512> {
    U512::from(10).checked_pow(U512::from(exponent))
}

fn narrow(value: U512) -> Result<U256, MathError> {
    U256::checked_from_limbs_slice(value.as_limbs()).ok_or(MathError::Overflow)
}

fn div_up(a: U512, b: U512) -> U512 {
    let (quotient, remainder) = a.div_rem(b);
    if remainder.is_zero() { quotient } else { quotient.saturating_add(U512::ONE) }
}

/// `part / whole` in hundredths of a basis point, rounded up; all of it when there is nothing to divide.
fn share_up(part: U512, whole: U512) -> u32 {
    let whole_pips = U512::from(ONE_PIPS);
    let share = match part.checked_mul(whole_pips) {
        _ if whole.is_zero() => return ONE_PIPS,
        Some(scaled) => div_up(scaled, whole),
        // `part` fills the 512 bits, so `whole` can be cut down first without loss that counts.
        None => div_up(part, whole / whole_pips),
    };
    u32::try_from(share).unwrap_or(ONE_PIPS).min(ONE_PIPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(dollars: u64) -> UsdE8 {
        UsdE8(U256::from(dollars) * U256::from(100_000_000))
    }

    #[test]
    fn a_pool_at_the_oracle_price_deviates_by_nothing_but_rounding() {
        let at_oracle = SpotPrice::from_sqrt(sqrt_price_at(usd(3_000), 18, usd(1), 6).expect("price"));
        // The square root is rounded down, and the deviation away from zero.
        assert_eq!(deviation_bps(at_oracle, usd(3_000), 18, usd(1), 6), Ok(-1));
        assert_eq!(at_oracle.to_decimal(18, 6).map(|price| price.round_dp(6)), Some(Decimal::from(3_000)));
    }

    #[test]
    fn a_pool_one_per_cent_off_shows_a_hundred_basis_points() {
        let pool = |dollars| SpotPrice::from_sqrt(sqrt_price_at(usd(dollars), 18, usd(1), 6).expect("price"));
        assert_eq!(deviation_bps(pool(3_030), usd(3_000), 18, usd(1), 6), Ok(100));
        assert_eq!(deviation_bps(pool(2_970), usd(3_000), 18, usd(1), 6), Ok(-101));
        assert_eq!(deviation_bps(pool(6_000), usd(3_000), 18, usd(1), 6), Ok(10_000));
    }

    #[test]
    fn an_oracle_without_a_price_is_an_error() {
        let pool = SpotPrice::from_sqrt(U256::ONE << 96);
        assert_eq!(deviation_bps(pool, usd(0), 18, usd(1), 6), Err(MathError::DivisionByZero));
        assert_eq!(sqrt_price_at(usd(1), 18, usd(0), 6), Err(MathError::DivisionByZero));
        assert!(deviation_bps(SpotPrice::from_sqrt(U256::MAX), UsdE8(U256::MAX), 255, usd(1), 6).is_err());
    }
}
