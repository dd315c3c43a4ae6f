//! The two packed words of Aave: a reserve's configuration and a user's use of the reserves.

use alloy::primitives::U256;
use serde::{Deserialize, Serialize};

use crate::units::Bps;

/// Reserves that bitmaps have room for.
pub(super) const MAX_RESERVES: u16 = 128;

/// A reserve's configuration word; bit positions are those of the contracts (v3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReserveConfiguration(pub U256);

impl ReserveConfiguration {
    fn bits(self, start: usize, width: usize) -> u64 {
        ((self.0 >> start) & ((U256::ONE << width) - U256::ONE)).saturating_to()
    }

    fn bps(self, start: usize) -> Bps {
        Bps(u32::try_from(self.bits(start, 16)).unwrap_or(u32::MAX))
    }

    /// Loan to value outside e-mode; 0 means that it backs no new borrow.
    #[must_use]
    pub fn ltv(self) -> Bps {
        self.bps(0)
    }

    /// Liquidation threshold outside e-mode.
    #[must_use]
    pub fn liquidation_threshold(self) -> Bps {
        self.bps(16)
    }

    /// Liquidation bonus with the 100 % in it: 10 500 is a bonus of 5 %.
    #[must_use]
    pub fn liquidation_bonus(self) -> Bps {
        self.bps(32)
    }

    /// Decimals of the token.
    #[must_use]
    pub fn decimals(self) -> u8 {
        u8::try_from(self.bits(48, 8)).unwrap_or(u8::MAX)
    }

    /// Whether the reserve is in use at all.
    #[must_use]
    pub fn is_active(self) -> bool {
        self.0.bit(56)
    }

    /// Frozen: no new supply or borrow.
    #[must_use]
    pub fn is_frozen(self) -> bool {
        self.0.bit(57)
    }

    /// Whether it can be borrowed outside e-mode.
    #[must_use]
    pub fn is_borrowing_enabled(self) -> bool {
        self.0.bit(58)
    }

    /// Paused: nothing goes.
    #[must_use]
    pub fn is_paused(self) -> bool {
        self.0.bit(60)
    }

    /// Siloed borrowing (v3.6; no Base reserve uses it).
    #[must_use]
    pub fn is_siloed(self) -> bool {
        self.0.bit(62)
    }

    /// Whether flash loans of it are allowed.
    #[must_use]
    pub fn is_flash_loan_enabled(self) -> bool {
        self.0.bit(63)
    }

    /// The treasury's share of the interest.
    #[must_use]
    pub fn reserve_factor(self) -> Bps {
        self.bps(64)
    }

    /// Most that may be borrowed, in whole tokens; 0 = no cap.
    #[must_use]
    pub fn borrow_cap(self) -> u64 {
        self.bits(80, 36)
    }

    /// The same reserve active, neither frozen nor paused, and without supply cap: to tell what is missing from what is
    /// not allowed.
    #[must_use]
    pub fn open_for_supply(self) -> Self {
        let mut word = self.0;
        word.set_bit(56, true);
        word.set_bit(57, false);
        word.set_bit(60, false);
        let cap = ((U256::ONE << 36usize) - U256::ONE) << 116usize;
        Self(word & !cap)
    }

    /// Most that may be supplied, in whole tokens; 0 = no cap.
    #[must_use]
    pub fn supply_cap(self) -> u64 {
        self.bits(116, 36)
    }

    /// The treasury's share of the liquidation bonus.
    #[must_use]
    pub fn liquidation_protocol_fee(self) -> Bps {
        self.bps(152)
    }

    /// Isolation mode's debt ceiling, cents of dollars (v3.6; no Base reserve uses it); 0 = not isolated.
    #[must_use]
    pub fn debt_ceiling(self) -> u64 {
        self.bits(212, 40)
    }
}

/// Which reserves a user borrows (even bits) and uses as collateral (odd bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserConfiguration(pub U256);

impl UserConfiguration {
    /// No collateral and no debt.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_zero()
    }

    /// Whether the reserve with this id is borrowed.
    #[must_use]
    pub fn is_borrowing(self, id: u16) -> bool {
        self.0.bit(usize::from(id) * 2)
    }

    /// Whether the reserve with this id is collateral.
    #[must_use]
    pub fn is_collateral(self, id: u16) -> bool {
        self.0.bit(usize::from(id) * 2 + 1)
    }

    /// Whether anything is borrowed.
    #[must_use]
    pub fn is_borrowing_any(self) -> bool {
        self.ids().any(|id| self.is_borrowing(id))
    }

    /// Whether anything is collateral.
    #[must_use]
    pub fn has_collateral(self) -> bool {
        self.ids().any(|id| self.is_collateral(id))
    }

    /// Sets the debt bit.
    pub fn set_borrowing(&mut self, id: u16, on: bool) {
        self.0.set_bit(usize::from(id) * 2, on);
    }

    /// Sets the collateral bit.
    pub fn set_collateral(&mut self, id: u16, on: bool) {
        self.0.set_bit(usize::from(id) * 2 + 1, on);
    }

    /// Ids of the reserves that are borrowed or collateral, in the contract's order.
    pub fn ids(self) -> impl Iterator<Item = u16> {
        (0..MAX_RESERVES).filter(move |id| self.is_borrowing(*id) || self.is_collateral(*id))
    }
}

/// One bit of an e-mode bitmap.
#[must_use]
pub(super) fn in_bitmap(bitmap: u128, id: u16) -> bool {
    id < MAX_RESERVES && (bitmap >> id) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn usdc_of_the_replica_reads_as_its_parameters() {
        let fields: [(u64, usize); 11] = [
            (7_500, 0),
            (7_800, 16),
            (10_500, 32),
            (6, 48),
            (1, 56),
            (1, 58),
            (1, 63),
            (1_000, 64),
            (440_000_000, 80),
            (480_000_000, 116),
            (1_000, 152),
        ];
        let word = fields.iter().fold(U256::ZERO, |word, (value, at)| word | (U256::from(*value) << *at));
        let configuration = ReserveConfiguration(word | (U256::ONE << 252));
        assert_eq!(configuration.ltv(), Bps(7_500));
        assert_eq!(configuration.liquidation_threshold(), Bps(7_800));
        assert_eq!(configuration.liquidation_bonus(), Bps(10_500));
        assert_eq!(configuration.decimals(), 6);
        assert!(configuration.is_active() && configuration.is_borrowing_enabled());
        assert!(configuration.is_flash_loan_enabled());
        assert!(!configuration.is_frozen() && !configuration.is_paused() && !configuration.is_siloed());
        assert_eq!(configuration.reserve_factor(), Bps(1_000));
        assert_eq!(configuration.borrow_cap(), 440_000_000);
        assert_eq!(configuration.supply_cap(), 480_000_000);
        assert_eq!(configuration.liquidation_protocol_fee(), Bps(1_000));
        assert_eq!(configuration.debt_ceiling(), 0);
    }

    proptest! {
        #[test]
        fn a_bit_that_is_set_is_read_and_no_other(id in 0..MAX_RESERVES, other in 0..MAX_RESERVES) {
            prop_assume!(id != other);
            let mut configuration = UserConfiguration::default();
            configuration.set_collateral(id, true);
            configuration.set_borrowing(other, true);
            prop_assert!(configuration.is_collateral(id) && !configuration.is_borrowing(id));
            prop_assert!(configuration.is_borrowing(other) && !configuration.is_collateral(other));
            prop_assert_eq!(configuration.ids().count(), 2);
            configuration.set_collateral(id, false);
            configuration.set_borrowing(other, false);
            prop_assert!(configuration.is_empty());
        }
    }
}
