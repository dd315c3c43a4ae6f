//! Market and account as they will be after actions at one moment, with the contracts' rounding and refusals.
//!
//! A [`Projection`] owns copies, so planners try actions freely. Wallet balances are not touched: tokens come from
//! and go to whoever acts (for loops, the composer). An action that is refused leaves the projection as it was.
//! Accuracy: after the same actions in one block the chain holds the same words (tests/protocols/aave_arithmetic.rs).

mod collateral;
mod debt;
mod flash;
mod lend;
mod limits;
mod open_to;

use alloy::primitives::{Address, U256};

pub use flash::FlashLoan;
pub use lend::TransferredSupply;

use super::{
    account::{AccountData, AccountState},
    error::StateError,
    market::Market,
    refusal::Refusal,
    reserve::Reserve,
};
use crate::units::{Secs, WAD, Wad};

/// How much of a balance or debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// This many tokens, in smallest units.
    Exact(U256),
    /// Everything, with interest to the moment.
    All,
}

/// A market and an account at one moment, ready for actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    market: Market,
    account: AccountState,
    at: Secs,
}

impl Projection {
    /// Starts at a moment, usually the timestamp of the block that will include the actions.
    #[must_use]
    pub fn new(market: Market, account: AccountState, at: Secs) -> Self {
        Self { market, account, at }
    }

    /// The market after the actions so far; rates of a reserve that was not acted upon are those of the snapshot.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// The account after the actions so far.
    #[must_use]
    pub fn account(&self) -> &AccountState {
        &self.account
    }

    /// The moment of the actions.
    #[must_use]
    pub fn at(&self) -> Secs {
        self.at
    }

    /// Lets time pass. The past is refused.
    pub fn wait_until(&mut self, at: Secs) -> Result<(), StateError> {
        if at < self.at {
            return Err(StateError::TimeRunsBackwards { symbol: "the projection".to_owned(), last: self.at, at });
        }
        self.at = at;
        Ok(())
    }

    /// The account's figures now.
    pub fn account_data(&self) -> Result<AccountData, StateError> {
        self.account.at(&self.market, self.at)
    }

    /// aTokens with interest.
    pub fn supplied(&self, asset: Address) -> Result<U256, StateError> {
        self.account.supplied(self.market.reserve(asset)?, self.at)
    }

    /// Debt with interest.
    pub fn owed(&self, asset: Address) -> Result<U256, StateError> {
        self.account.owed(self.market.reserve(asset)?, self.at)
    }

    /// Moves the account into another e-mode (0 = none), or says why the pool would not.
    pub fn set_emode(&mut self, category: u8) -> Result<(), Refusal> {
        self.attempt(|projection| projection.try_set_emode(category))
    }

    fn try_set_emode(&mut self, category: u8) -> Result<(), Refusal> {
        if self.account.emode == category {
            return Ok(());
        }
        let target = self.market.category(category).map_err(|_| Refusal::NoSuchCategory(category))?;
        if target.is_some_and(|target| target.liquidation_threshold.0 == 0) {
            return Err(Refusal::NoSuchCategory(category));
        }
        for id in self.account.configuration.ids() {
            let reserve = self.market.reserve_by_id(id)?;
            if self.account.configuration.is_borrowing(id) && !self.market.is_borrowable_in(reserve, target) {
                return Err(Refusal::DebtNotInCategory { symbol: reserve.symbol.clone(), category });
            }
            if self.account.configuration.is_collateral(id) && self.market.ltv_in(reserve, target).0 == 0 {
                return Err(Refusal::CollateralNotInCategory { symbol: reserve.symbol.clone(), category });
            }
        }
        self.account.emode = category;
        self.require_healthy()
    }

    /// Runs an action on the projection; on refusal everything is as before.
    fn attempt<T>(&mut self, action: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut next = self.clone();
        let result = action(&mut next)?;
        *self = next;
        Ok(result)
    }

    fn accrued(&mut self, asset: Address) -> Result<&mut Reserve, StateError> {
        let at = self.at;
        let reserve = self.market.reserve_mut(asset)?;
        reserve.accrue(at)?;
        Ok(reserve)
    }

    fn require_healthy(&self) -> Result<(), Refusal> {
        let health_factor = self.account_data()?.health_factor;
        if health_factor < Wad(WAD) { Err(Refusal::HealthFactorBelowOne(health_factor)) } else { Ok(()) }
    }

    /// The rule for collateral that leaves: healthy after it, and a collateral of LTV 0 goes first.
    fn require_may_leave(&self, asset: Address) -> Result<(), Refusal> {
        self.require_healthy()?;
        let reserve = self.market.reserve(asset)?;
        let category = self.market.category(self.account.emode)?;
        match self.account.valuation(&self.market, self.at)?.ltv_zero_collateral {
            Some(blocking) if self.market.ltv_in(reserve, category).0 != 0 => Err(Refusal::LtvZeroCollateralFirst {
                symbol: reserve.symbol.clone(),
                blocking: self.market.reserve_by_id(blocking)?.symbol.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether supplying this reserve for the first time makes it collateral.
    fn becomes_collateral(&self, asset: Address) -> Result<bool, StateError> {
        let reserve = self.market.reserve(asset)?;
        let category = self.market.category(self.account.emode)?;
        if self.market.debt_ceiling(reserve) != 0 || self.market.ltv_in(reserve, category).0 == 0 {
            return Ok(false);
        }
        Ok(self.isolated_collateral()?.is_none())
    }

    /// The collateral that puts the account into isolation mode.
    fn isolated_collateral(&self) -> Result<Option<&Reserve>, StateError> {
        let configuration = self.account.configuration;
        let mut collaterals = configuration.ids().filter(|id| configuration.is_collateral(*id));
        match (collaterals.next(), collaterals.next()) {
            (Some(only), None) => {
                let reserve = self.market.reserve_by_id(only)?;
                Ok(Some(reserve).filter(|reserve| self.market.debt_ceiling(reserve) != 0))
            }
            _ => Ok(None),
        }
    }
}
