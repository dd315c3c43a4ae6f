//! Interest: how indices grow with time and how rates follow the usage.

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use super::math::{RAY, percent_mul, ray_div, ray_mul};
use crate::units::{Bps, MathError, Ray, Secs};

const SECONDS_PER_YEAR: U256 = U256::from_limbs([Secs::YEAR.0, 0, 0, 0]);

/// Growth of the supply side over `elapsed`: `1 + rate * elapsed / year`, in ray, rounded down.
pub fn linear_growth(rate: Ray, elapsed: Secs) -> Result<U256, MathError> {
    let earned = rate.0.checked_mul(U256::from(elapsed.0)).ok_or(MathError::Overflow)? / SECONDS_PER_YEAR;
    RAY.checked_add(earned).ok_or(MathError::Overflow)
}

/// Growth of the debt side over `elapsed`: the first terms of the exponential, nested as in the contract,
/// `1 + x + x * (x/2 + x * (x/6))` with `x = rate * elapsed / year` (base-replica.md §4).
pub fn compounded_growth(rate: Ray, elapsed: Secs) -> Result<U256, MathError> {
    if elapsed == Secs(0) {
        return Ok(RAY);
    }
    let x = rate.0.checked_mul(U256::from(elapsed.0)).ok_or(MathError::Overflow)? / SECONDS_PER_YEAR;
    let inner = (x / U256::from(2u8)).checked_add(ray_mul(x, x / U256::from(6u8))?).ok_or(MathError::Overflow)?;
    let growth = RAY.checked_add(x).ok_or(MathError::Overflow)?;
    growth.checked_add(ray_mul(x, inner)?).ok_or(MathError::Overflow)
}

/// The kinked rate curve of one reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateStrategy {
    /// Usage at which the steep part begins.
    pub optimal_usage: Bps,
    /// Borrow rate at no usage.
    pub base_rate: Bps,
    /// Added up to the optimal usage.
    pub slope1: Bps,
    /// Added between the optimal and the full usage.
    pub slope2: Bps,
}

/// What the rates are computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Tokens in the reserve that can be borrowed.
    pub available: U256,
    /// All that is owed to the reserve, with interest.
    pub debt: U256,
    /// Bad debt that the reserve carries.
    pub deficit: U256,
    /// The treasury's share.
    pub reserve_factor: Bps,
}

/// Yearly rates of a reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// What suppliers earn.
    pub liquidity: Ray,
    /// What borrowers pay.
    pub variable_borrow: Ray,
}

impl RateStrategy {
    /// The rates at this usage, rounded as the contract does.
    pub fn rates(&self, usage: &Usage) -> Result<Rates, MathError> {
        let base = ray_from_bps(self.base_rate);
        if usage.debt.is_zero() {
            return Ok(Rates { liquidity: Ray(U256::ZERO), variable_borrow: Ray(base) });
        }
        let total = usage.available.checked_add(usage.debt).ok_or(MathError::Overflow)?;
        let borrow_usage = ray_div(usage.debt, total)?;
        let supply_usage = ray_div(usage.debt, total.checked_add(usage.deficit).ok_or(MathError::Overflow)?)?;
        let optimal = ray_from_bps(self.optimal_usage);
        let slope1 = ray_from_bps(self.slope1);
        let above_base = if borrow_usage > optimal {
            let room = RAY.checked_sub(optimal).ok_or(MathError::Overflow)?;
            let excess = ray_div(borrow_usage - optimal, room)?;
            slope1.checked_add(ray_mul(ray_from_bps(self.slope2), excess)?).ok_or(MathError::Overflow)?
        } else {
            ray_div(ray_mul(slope1, borrow_usage)?, optimal)?
        };
        let borrow = base.checked_add(above_base).ok_or(MathError::Overflow)?;
        let kept = Bps::ONE.0.checked_sub(usage.reserve_factor.0).ok_or(MathError::Overflow)?;
        let liquidity = percent_mul(ray_mul(borrow, supply_usage)?, U256::from(kept))?;
        Ok(Rates { liquidity: Ray(liquidity), variable_borrow: Ray(borrow) })
    }
}

fn ray_from_bps(bps: Bps) -> U256 {
    U256::from(bps.0) * (RAY / U256::from(10_000u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USDC: RateStrategy =
        RateStrategy { optimal_usage: Bps(9_000), base_rate: Bps(0), slope1: Bps(500), slope2: Bps(1_000) };

    fn usage(available: u64, debt: u64) -> Usage {
        let reserve_factor = Bps(1_000);
        Usage { available: U256::from(available), debt: U256::from(debt), deficit: U256::ZERO, reserve_factor }
    }

    #[test]
    fn at_the_kink_a_borrower_pays_slope_one() {
        let rates = USDC.rates(&usage(10, 90)).expect("rates");
        assert_eq!(rates.variable_borrow, Ray(ray_from_bps(Bps(500))));
        assert_eq!(rates.liquidity, Ray(ray_from_bps(Bps(405))));
        let full = USDC.rates(&usage(0, 100)).expect("rates");
        assert_eq!(full.variable_borrow, Ray(ray_from_bps(Bps(1_500))));
        let idle = USDC.rates(&usage(100, 0)).expect("rates");
        assert_eq!(idle, Rates { liquidity: Ray(U256::ZERO), variable_borrow: Ray(U256::ZERO) });
    }

    #[test]
    fn ten_per_cent_for_a_year_compounds_to_three_taylor_terms() {
        let growth = compounded_growth(Ray(RAY / U256::from(10u8)), Secs::YEAR).expect("growth");
        let expected: U256 = "1105166666666666666666666667".parse().expect("number");
        assert_eq!(growth, expected);
        assert_eq!(compounded_growth(Ray(RAY), Secs(0)), Ok(RAY));
        assert_eq!(linear_growth(Ray(RAY / U256::from(10u8)), Secs::YEAR), Ok(RAY + RAY / U256::from(10u8)));
    }

    proptest! {
        #[test]
        fn debt_never_grows_slower_than_supply_at_the_same_rate(bps in 0u32..100_000, elapsed in 0u64..100_000_000) {
            let rate = Ray(ray_from_bps(Bps(bps)));
            let linear = linear_growth(rate, Secs(elapsed)).expect("linear");
            let compounded = compounded_growth(rate, Secs(elapsed)).expect("compounded");
            prop_assert!(compounded >= linear);
        }

        #[test]
        fn rates_rise_with_usage(available in 1u64..1_000_000, debt in 1u64..1_000_000, more in 1u64..1_000_000) {
            let low = USDC.rates(&usage(available, debt)).expect("low");
            let high = USDC.rates(&usage(available, debt + more)).expect("high");
            prop_assert!(high.variable_borrow >= low.variable_borrow && high.liquidity >= low.liquidity);
            prop_assert!(high.liquidity <= high.variable_borrow);
        }
    }
}
