//! What a reserve is open to, whatever the amount: the cause that is said before any that comes of an amount.

use alloy::primitives::Address;

use super::{Projection, debt::require_open_to_borrows, lend::require_usable};
use crate::aave::refusal::Refusal;

impl Projection {
    /// Whether anything of the asset can be supplied: its reserve is in use, not paused and not frozen.
    pub fn open_to_supply(&self, asset: Address) -> Result<(), Refusal> {
        let reserve = self.market().reserve(asset)?;
        require_usable(reserve)?;
        if reserve.configuration.is_frozen() {
            return Err(Refusal::Frozen(reserve.symbol.clone()));
        }
        Ok(())
    }

    /// Whether anything of the asset can be borrowed in the account's e-mode.
    pub fn open_to_borrow(&self, asset: Address) -> Result<(), Refusal> {
        let market = self.market();
        let category = market.category(self.account().emode)?;
        require_open_to_borrows(market, market.reserve(asset)?, category)?;
        if market.borrowing_allowed { Ok(()) } else { Err(Refusal::SentinelBarsBorrowing) }
    }

    /// Whether anything of the asset can be repaid or withdrawn: its reserve is in use and not paused.
    pub fn open_to_leave(&self, asset: Address) -> Result<(), Refusal> {
        require_usable(self.market().reserve(asset)?)
    }
}
