//! Notional and open interest.

use alloy::primitives::U256;

use crate::{
    perps::{
        LeverageE10, Side, Usdc,
        int::{add, e10},
    },
    units::{MathError, mul_div_down},
};

/// Notional of all open positions of a pair (`TradingStorage.openInterestUSDC`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenInterest {
    /// Of the longs.
    pub long: Usdc,
    /// Of the shorts.
    pub short: Usdc,
}

impl OpenInterest {
    /// Of one side.
    #[must_use]
    pub const fn of(&self, side: Side) -> Usdc {
        match side {
            Side::Long => self.long,
            Side::Short => self.short,
        }
    }

    /// Of both sides.
    pub fn total(&self) -> Result<U256, MathError> {
        add(self.long.0, self.short.0)
    }

    /// The other side's share once `notional` has come to `side`, plain per cent, rounded down. It selects the row of
    /// the opening fee and the tier of loss protection.
    pub(super) fn counter_share(&self, side: Side, notional: Usdc) -> Result<U256, MathError> {
        mul_div_down(U256::from(100), self.of(side.opposite()).0, add(self.total()?, notional.0)?)
    }
}

/// `collateral × leverage`, rounded down.
pub fn notional(collateral: Usdc, leverage: LeverageE10) -> Result<Usdc, MathError> {
    mul_div_down(collateral.0, leverage.0, e10()).map(Usdc)
}
