//! Loop arithmetic in closed form (base-replica.md §5, strategy.md §1, §5). Values in USD are 8-decimal integers,
//! ratios 18-decimal fixed point. Planning does not use the approximations here: it replays swap and contract exactly and
//! uses these for first guesses, thresholds as prices, and explanations.

use alloy::primitives::U256;

use crate::units::{Bps, MathError, WAD, mul_div_down, mul_div_up};

/// `L = C / (C − D)`, rounded up; no limit when nothing is left.
#[must_use]
pub fn leverage_wad(collateral: U256, debt: U256) -> U256 {
    match collateral.checked_sub(debt) {
        Some(equity) if !equity.is_zero() => mul_div_up(collateral, WAD, equity).unwrap_or(U256::MAX),
        _ if collateral.is_zero() && debt.is_zero() => WAD,
        _ => U256::MAX,
    }
}

/// `D / C`, rounded up; no limit when there is no collateral.
#[must_use]
pub fn ltv_wad(collateral: U256, debt: U256) -> U256 {
    if debt.is_zero() {
        return U256::ZERO;
    }
    mul_div_up(debt, WAD, collateral).unwrap_or(U256::MAX)
}

/// The highest leverage a loan-to-value allows, `1 / (1 − LTV)`, rounded down, before costs.
pub fn max_leverage_wad(ltv: Bps) -> Result<U256, MathError> {
    let rest = Bps::ONE.0.checked_sub(ltv.0).ok_or(MathError::Overflow)?;
    mul_div_down(WAD, U256::from(Bps::ONE.0), U256::from(rest))
}

/// Leverage at a health factor for one pair, `HF / (HF − LT)`, rounded down.
pub fn leverage_at_health_factor(health_factor: U256, threshold: Bps) -> Result<U256, MathError> {
    let threshold = bps_wad(threshold)?;
    let rest = health_factor.checked_sub(threshold).ok_or(MathError::Overflow)?;
    mul_div_down(health_factor, WAD, rest)
}

/// Debt to repay so that the health factor rises to `target`:
/// `r = (HF* × D − C × LT) / (HF* − LT × g)`, `g = (1 + f) / (1 − s)`, rounded up; strategy.md §5.
///
/// `weighted` is the threshold-weighted value of all collateral (USD); `fee` and `cost` are the flash fee `f` and the
/// swap cost `s`. `Overflow` when no repayment can reach the target.
pub fn repay_to_health_factor(
    weighted: U256,
    debt: U256,
    threshold: Bps,
    target: U256,
    fee: Bps,
    cost: Bps,
) -> Result<U256, MathError> {
    let one = u64::from(Bps::ONE.0);
    let wanted = mul_div_up(debt, target, WAD)?;
    let Some(gap) = wanted.checked_sub(weighted) else { return Ok(U256::ZERO) };
    let kept = one.checked_sub(u64::from(cost.0)).ok_or(MathError::Overflow)?;
    let gross = mul_div_up(bps_wad(threshold)?, U256::from(one + u64::from(fee.0)), U256::from(kept))?;
    let rest = target.checked_sub(gross).ok_or(MathError::Overflow)?;
    mul_div_up(gap, WAD, rest)
}

fn bps_wad(bps: Bps) -> Result<U256, MathError> {
    mul_div_down(WAD, U256::from(bps.0), U256::from(Bps::ONE.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const USD: u64 = 100_000_000;

    fn usd(value: u64) -> U256 {
        U256::from(value) * U256::from(USD)
    }

    fn wad(thousandths: u64) -> U256 {
        U256::from(thousandths) * WAD / U256::from(1_000u64)
    }

    #[test]
    fn three_times_leverage_on_weth_has_the_health_factor_of_the_strategy() {
        assert_eq!(leverage_wad(usd(90_000), usd(60_000)), wad(3_000));
        assert_eq!(leverage_at_health_factor(wad(1_245), Bps(8_300)), Ok(wad(3_000)));
        assert_eq!(max_leverage_wad(Bps(8_000)), Ok(wad(5_000)));
        // strategy.md §4 rule 2: the highest leverage that opens at 1.23 is 3.07.
        let highest = leverage_at_health_factor(wad(1_230), Bps(8_300)).expect("finite");
        assert!(highest > wad(3_074) && highest < wad(3_076));
    }

    #[test]
    fn a_trim_at_the_trigger_sells_about_a_quarter_of_the_debt() {
        // 3x loop at HF 1.15: C·LT = 1.15·D. strategy.md §5: sells 23.8 % of the debt's worth to reach 1.25.
        let debt = usd(60_000);
        let weighted = debt * U256::from(115u64) / U256::from(100u64);
        let repay = repay_to_health_factor(weighted, debt, Bps(8_300), wad(1_250), Bps(0), Bps(0)).expect("reachable");
        let share = repay * U256::from(1_000u64) / debt;
        assert_eq!(share, U256::from(238u64));
    }

    #[test]
    fn nothing_is_repaid_when_the_target_is_met_and_no_target_is_promised_that_cannot_be() {
        assert_eq!(repay_to_health_factor(usd(100), usd(50), Bps(8_300), wad(1_250), Bps(5), Bps(50)), Ok(U256::ZERO));
        let unreachable = repay_to_health_factor(usd(90), usd(100), Bps(9_900), wad(1_000), Bps(5), Bps(300));
        assert_eq!(unreachable, Err(MathError::Overflow));
    }

    proptest! {
        #[test]
        fn repaying_the_computed_amount_reaches_the_target(
            collateral in 1_000u64..1_000_000, ltv in 50u64..82, target in 1_050u64..2_000, fee in 0u32..10, cost in 0u32..100,
        ) {
            let (collateral, debt) = (usd(collateral), usd(collateral) * U256::from(ltv) / U256::from(100u64));
            let weighted = collateral * U256::from(83u64) / U256::from(100u64);
            let repay = repay_to_health_factor(weighted, debt, Bps(8_300), wad(target), Bps(fee), Bps(cost)).expect("finite");
            prop_assume!(repay < debt && !repay.is_zero());
            let sold = repay * U256::from(10_000 + fee) / U256::from(10_000 - cost);
            prop_assume!(sold < collateral);
            let after = (collateral - sold) * U256::from(83u64) / U256::from(100u64) * WAD / (debt - repay);
            prop_assert!(after + U256::from(1_000_000_000u64) >= wad(target));
        }
    }
}
