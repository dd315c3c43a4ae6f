//! How much more a reserve takes and gives before its caps.

use alloy::primitives::U256;

use super::{
    error::StateError,
    math::{debt_amount, supplied_amount},
    reserve::Reserve,
};
use crate::units::{MathError, Secs};

impl Reserve {
    /// Tokens that can still be supplied under the supply cap; `None` without a cap. The treasury's share, minted or
    /// not, counts (base-replica.md §4).
    pub fn supply_room(&self, at: Secs) -> Result<Option<U256>, StateError> {
        let scaled = self.scaled_supply.checked_add(self.accrued_to_treasury).ok_or(MathError::Overflow)?;
        let supplied = supplied_amount(scaled, self.normalized_income(at)?)?;
        self.room(self.configuration.supply_cap(), supplied)
    }

    /// Tokens that can still be borrowed under the borrow cap; `None` without a cap.
    pub fn borrow_room(&self, at: Secs) -> Result<Option<U256>, StateError> {
        let owed = debt_amount(self.scaled_debt, self.normalized_debt(at)?)?;
        self.room(self.configuration.borrow_cap(), owed)
    }

    fn room(&self, whole: u64, used: U256) -> Result<Option<U256>, StateError> {
        if whole == 0 {
            return Ok(None);
        }
        let cap = U256::from(whole).checked_mul(self.unit()?).ok_or(MathError::Overflow)?;
        Ok(Some(cap.saturating_sub(used)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aave::reserve::tests::usdc;

    #[test]
    fn room_is_what_the_cap_leaves_and_no_cap_leaves_no_end() {
        let mut reserve = usdc();
        let now = reserve.last_update;
        assert_eq!((reserve.supply_room(now), reserve.borrow_room(now)), (Ok(None), Ok(None)));
        // Caps of 600 000 borrowed (500 000 are) and of 900 000 supplied (1 000 000 are).
        reserve.configuration.0 |= (U256::from(600_000u64) << 80) | (U256::from(900_000u64) << 116);
        assert_eq!(reserve.borrow_room(now), Ok(Some(U256::from(100_000_000_000u64))));
        assert_eq!(reserve.supply_room(now), Ok(Some(U256::ZERO)));
    }

    #[test]
    fn interest_takes_room_away() {
        let mut reserve = usdc();
        reserve.configuration.0 |= U256::from(600_000u64) << 80;
        let later = reserve.last_update.plus(Secs::HOUR);
        let (now, then) = (reserve.borrow_room(reserve.last_update), reserve.borrow_room(later));
        assert!(then.expect("room") < now.expect("room"));
    }
}
