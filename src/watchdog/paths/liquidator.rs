//! A liquidator that takes every loop it may, in the block in which it may.

use alloy::primitives::U256;

use super::{
    Position,
    path::BONUS,
    position::{CENTI, ETHER},
};
use crate::units::{Bps, MathError, UsdE8, WAD, Wad, mul_div_down, mul_div_up};

/// At or below this health factor all of the debt may be taken (base-replica.md §4).
const ALL_BELOW: Wad = Wad(U256::from_limbs([950_000_000_000_000_000, 0, 0, 0]));
/// Below this value of collateral or debt all of the debt may be taken.
const SMALL: U256 = U256::from_limbs([200_000_000_000, 0, 0, 0]);

/// What a liquidation cost the owner, USD with 8 decimals; `None` when the loop is healthy.
///
/// Half of the debt may be taken, or all of it when the loop is far gone or small. Neither rest is ever dust: whoever may
/// take only half leaves half of 2,000 dollars at least.
pub(super) fn liquidate(position: &mut Position, price: UsdE8) -> Result<Option<U256>, MathError> {
    let health = position.health_factor(price)?;
    if health >= Wad(WAD) || position.collateral.is_zero() {
        return Ok(None);
    }
    let (collateral, debt) = (position.collateral_value(price)?.0, position.debt_value()?.0);
    let all = health <= ALL_BELOW || collateral < SMALL || debt < SMALL;
    let mut covered = if all { position.debt } else { position.debt >> 1 };
    let whole = U256::from(Bps::ONE.0);
    let seized = |covered: U256| {
        let with_bonus = mul_div_down(covered.saturating_mul(CENTI), U256::from(BONUS.0), whole)?;
        mul_div_down(with_bonus, ETHER, price.0)
    };
    let mut taken = seized(covered)?;
    if taken > position.collateral {
        // The collateral does not reach: the debt is scaled down, the rest of it is the pool's loss.
        taken = position.collateral;
        let worth = mul_div_up(taken, price.0, ETHER)?;
        covered = mul_div_up(worth, whole, U256::from(BONUS.0).saturating_mul(CENTI))?.min(position.debt);
    }
    let lost = mul_div_down(taken, price.0, ETHER)?.saturating_sub(covered.saturating_mul(CENTI));
    position.collateral = position.collateral.saturating_sub(taken);
    position.debt = if position.collateral.is_zero() { U256::ZERO } else { position.debt.saturating_sub(covered) };
    Ok(Some(lost))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(value: u64) -> UsdE8 {
        UsdE8(U256::from(value) * U256::from(100_000_000u64))
    }

    /// `collateral` whole WETH, `debt` whole USDC.
    fn position(collateral: u64, debt: u64) -> Position {
        Position { collateral: U256::from(collateral) * ETHER, debt: U256::from(debt) * U256::from(1_000_000u64) }
    }

    #[test]
    fn half_is_taken_above_095_all_of_it_below_and_nothing_from_a_healthy_loop() {
        let mut healthy = position(30, 60_000);
        assert_eq!(liquidate(&mut healthy, dollars(3_000)), Ok(None));
        // 30 × 2,400 × 0.83 / 60,000 = 0.996.
        let mut slightly = position(30, 60_000);
        assert_eq!(liquidate(&mut slightly, dollars(2_400)), Ok(Some(dollars(1_500).0)));
        assert_eq!(slightly.debt, position(0, 30_000).debt);
        // 30 × 2,250 × 0.83 / 60,000 = 0.934.
        let mut deeply = position(30, 60_000);
        assert_eq!(liquidate(&mut deeply, dollars(2_250)), Ok(Some(dollars(3_000).0)));
        assert_eq!((deeply.debt, deeply.collateral > U256::ZERO), (U256::ZERO, true));
    }

    #[test]
    fn a_small_loop_is_taken_whole_and_one_without_equity_is_emptied() {
        let mut small = position(1, 1_900);
        assert!(liquidate(&mut small, dollars(2_200)).expect("fits").is_some());
        assert_eq!(small.debt, U256::ZERO);
        let mut bankrupt = position(30, 60_000);
        assert!(liquidate(&mut bankrupt, dollars(1_800)).expect("fits").is_some());
        assert_eq!(bankrupt, position(0, 0));
    }
}
