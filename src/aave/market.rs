//! The whole market at one block.

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::{configuration::in_bitmap, error::StateError, reserve::Reserve};
use crate::{chain::BlockRef, units::Bps};

/// Pool revision from which isolation mode, siloed borrowing and the sentinel are gone (v3.7).
const REVISION_WITHOUT_ISOLATION: u64 = 11;

/// An efficiency mode: better parameters for some collateral, for borrowing some assets only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EModeCategory {
    /// Number, from 1.
    pub id: u8,
    /// Its name on chain.
    pub label: String,
    /// Loan to value of its collateral.
    pub ltv: Bps,
    /// Liquidation threshold of its collateral.
    pub liquidation_threshold: Bps,
    /// Liquidation bonus with the 100 % in it.
    pub liquidation_bonus: Bps,
    /// Reserves to which the parameters apply, by id.
    pub collateral_bitmap: u128,
    /// Reserves that can be borrowed in it, by id.
    pub borrowable_bitmap: u128,
    /// Collateral reserves that back no new borrow, by id.
    pub ltv_zero_bitmap: u128,
    /// v3.7: collateral outside the category backs no new borrow.
    pub isolated: bool,
}

impl EModeCategory {
    /// Whether the category's parameters apply to the reserve.
    #[must_use]
    pub fn is_collateral(&self, id: u16) -> bool {
        in_bitmap(self.collateral_bitmap, id)
    }

    /// Whether the reserve can be borrowed in it.
    #[must_use]
    pub fn is_borrowable(&self, id: u16) -> bool {
        in_bitmap(self.borrowable_bitmap, id)
    }

    /// Whether the reserve is one of its collaterals but backs no new borrow.
    #[must_use]
    pub fn is_ltv_zero(&self, id: u16) -> bool {
        in_bitmap(self.ltv_zero_bitmap, id)
    }
}

/// Aave at one block: reserves, e-modes, flash premium.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The block that it was read at.
    pub block: BlockRef,
    /// `POOL_REVISION`: 10 is v3.6, 11 is v3.7.
    pub revision: u64,
    /// The pool.
    pub pool: Address,
    /// Reserves in the order of their ids.
    pub reserves: Vec<Reserve>,
    /// E-mode categories in the order of their ids.
    pub categories: Vec<EModeCategory>,
    /// Fee of a flash loan that is paid back.
    pub flash_loan_premium: Bps,
    /// False while a price oracle sentinel (v3.6) bars new borrows after sequencer downtime.
    pub borrowing_allowed: bool,
    /// The reserve list is older than a listing, an e-mode or an oracle source: read it again. The figures are
    /// still those of the chain; a price without its source's age is the only loss.
    pub list_outdated: bool,
}

impl Market {
    /// The reserve of a token.
    pub fn reserve(&self, asset: Address) -> Result<&Reserve, StateError> {
        self.reserves.iter().find(|reserve| reserve.asset == asset).ok_or(StateError::NotListed(asset))
    }

    pub(super) fn reserve_mut(&mut self, asset: Address) -> Result<&mut Reserve, StateError> {
        self.reserves.iter_mut().find(|reserve| reserve.asset == asset).ok_or(StateError::NotListed(asset))
    }

    /// The reserve at a bitmap position.
    pub fn reserve_by_id(&self, id: u16) -> Result<&Reserve, StateError> {
        self.reserves.iter().find(|reserve| reserve.id == id).ok_or(StateError::UnknownReserve(id))
    }

    /// The reserve with this symbol, whatever its case. `None` when none or more than one has it.
    #[must_use]
    pub fn reserve_by_symbol(&self, symbol: &str) -> Option<&Reserve> {
        let mut found = self.reserves.iter().filter(|reserve| reserve.symbol.eq_ignore_ascii_case(symbol));
        found.next().filter(|_| found.next().is_none())
    }

    /// The category with this number; `None` for 0, which is no e-mode.
    pub fn category(&self, id: u8) -> Result<Option<&EModeCategory>, StateError> {
        if id == 0 {
            return Ok(None);
        }
        let found = self.categories.iter().find(|category| category.id == id);
        found.map(Some).ok_or(StateError::UnknownCategory(id))
    }

    /// The LTV that a reserve has as collateral inside a category, or outside of any.
    #[must_use]
    pub fn ltv_in(&self, reserve: &Reserve, category: Option<&EModeCategory>) -> Bps {
        match category {
            Some(category) if category.is_collateral(reserve.id) => {
                if category.is_ltv_zero(reserve.id) {
                    Bps(0)
                } else {
                    category.ltv
                }
            }
            Some(category) if category.isolated => Bps(0),
            _ => reserve.configuration.ltv(),
        }
    }

    /// The liquidation threshold that a reserve has as collateral inside a category, or outside of any.
    #[must_use]
    pub fn liquidation_threshold_in(&self, reserve: &Reserve, category: Option<&EModeCategory>) -> Bps {
        match category {
            Some(category) if category.is_collateral(reserve.id) => category.liquidation_threshold,
            _ => reserve.configuration.liquidation_threshold(),
        }
    }

    /// Whether a reserve can be borrowed inside a category, or outside of any.
    #[must_use]
    pub fn is_borrowable_in(&self, reserve: &Reserve, category: Option<&EModeCategory>) -> bool {
        category.map_or(reserve.configuration.is_borrowing_enabled(), |category| category.is_borrowable(reserve.id))
    }

    /// The reserve's debt ceiling, where the pool still has isolation mode.
    pub(super) fn debt_ceiling(&self, reserve: &Reserve) -> u64 {
        if self.has_isolation() { reserve.configuration.debt_ceiling() } else { 0 }
    }

    /// Whether the reserve is siloed, where the pool still has siloed borrowing.
    pub(super) fn is_siloed(&self, reserve: &Reserve) -> bool {
        self.has_isolation() && reserve.configuration.is_siloed()
    }

    fn has_isolation(&self) -> bool {
        self.revision < REVISION_WITHOUT_ISOLATION
    }
}
