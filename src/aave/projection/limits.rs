//! The largest amounts that go through, found by trying: what the answer promises is what the action checks.

use alloy::primitives::{Address, U256};

use super::{Amount, Projection, debt::Borrowing};
use crate::aave::refusal::Refusal;

impl Projection {
    /// The largest amount that [`Self::borrow`] accepts, whatever binds: liquidity, cap, LTV or health. 0 when none.
    pub fn max_borrow(&self, asset: Address) -> Result<U256, Refusal> {
        let most = self.market.reserve(asset)?.virtual_balance;
        Ok(largest(most, |amount| self.clone().try_borrow(asset, amount, Borrowing::Own).is_ok()))
    }

    /// The largest amount that [`Self::withdraw`] accepts, whatever binds: balance, liquidity or health. 0 when none.
    pub fn max_withdraw(&self, asset: Address) -> Result<U256, Refusal> {
        let most = self.supplied(asset)?.min(self.market.reserve(asset)?.virtual_balance);
        Ok(largest(most, |amount| self.clone().withdraw(asset, Amount::Exact(amount)).is_ok()))
    }
}

/// The largest number up to `most` that is accepted, given that above 0 acceptance never returns once it is lost.
fn largest(most: U256, accepts: impl Fn(U256) -> bool) -> U256 {
    if accepts(most) {
        return most;
    }
    let (mut low, mut high) = (U256::ZERO, most);
    while high.saturating_sub(low) > U256::ONE {
        let middle = low + ((high - low) >> 1);
        if accepts(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
