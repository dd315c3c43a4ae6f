//! Using a supply as collateral or not, and repaying with a supply.

use alloy::primitives::{Address, U256};

use super::{Amount, Projection, lend::require_usable};
use crate::{
    aave::{
        error::StateError,
        math::{debt_amount, scaled_debt_to_burn, scaled_to_burn, supplied_amount},
        refusal::{Refusal, TokenAmount},
    },
    units::MathError,
};

impl Projection {
    /// Uses the account's supply of a reserve as collateral, or stops using it (`setUserUseReserveAsCollateral`).
    pub fn use_as_collateral(&mut self, asset: Address, enabled: bool) -> Result<(), Refusal> {
        self.attempt(|projection| projection.try_use(asset, enabled))
    }

    /// Repays debt with the account's own supply of the same asset (`repayWithATokens`); tells what is paid, which is never
    /// more than the debt.
    pub fn repay_with_supply(&mut self, asset: Address, amount: Amount) -> Result<U256, Refusal> {
        self.attempt(|projection| projection.try_repay_with_supply(asset, amount))
    }

    fn try_use(&mut self, asset: Address, enabled: bool) -> Result<(), Refusal> {
        let reserve = self.market.reserve(asset)?;
        require_usable(reserve)?;
        let id = reserve.id;
        if self.account.configuration.is_collateral(id) == enabled {
            return Ok(());
        }
        if !enabled {
            self.account.configuration.set_collateral(id, false);
            return self.require_may_leave(asset);
        }
        if self.account.holding(asset).scaled_supply.is_zero() {
            return Err(Refusal::NoSupply(reserve.symbol.clone()));
        }
        let category = self.market.category(self.account.emode)?;
        if self.market.ltv_in(reserve, category).0 == 0 || self.isolated_collateral()?.is_some() {
            return Err(Refusal::BacksNoDebt(reserve.symbol.clone()));
        }
        self.account.configuration.set_collateral(id, true);
        Ok(())
    }

    fn try_repay_with_supply(&mut self, asset: Address, amount: Amount) -> Result<U256, Refusal> {
        let holding = self.account.holding(asset);
        let reserve = self.accrued(asset)?;
        if amount == Amount::Exact(U256::ZERO) {
            return Err(Refusal::AmountTooSmall(TokenAmount::of(reserve, U256::ZERO)));
        }
        require_usable(reserve)?;
        if holding.scaled_debt.is_zero() {
            return Err(Refusal::NoDebt(reserve.symbol.clone()));
        }
        let owed = debt_amount(holding.scaled_debt, reserve.variable_borrow_index).map_err(StateError::from)?;
        let supplied = supplied_amount(holding.scaled_supply, reserve.liquidity_index).map_err(StateError::from)?;
        let paid = match amount {
            Amount::All => supplied,
            Amount::Exact(amount) => amount,
        }
        .min(owed);
        let debt_burned = scaled_debt_to_burn(paid, reserve.variable_borrow_index).map_err(StateError::from)?;
        let supply_burned = scaled_to_burn(paid, reserve.liquidity_index).map_err(StateError::from)?;
        if debt_burned.is_zero() {
            return Err(Refusal::RoundsToNothing(TokenAmount::of(reserve, paid)));
        }
        if supply_burned > holding.scaled_supply {
            let (balance, asked) = (TokenAmount::of(reserve, supplied), TokenAmount::of(reserve, paid));
            return Err(Refusal::BalanceShort { balance, asked });
        }
        let overflow = || StateError::Math(MathError::Overflow);
        let debt_left = holding.scaled_debt.checked_sub(debt_burned).ok_or_else(overflow)?;
        reserve.scaled_debt = reserve.scaled_debt.checked_sub(debt_burned).ok_or_else(overflow)?;
        // No tokens move: the rates follow from the debt that is gone.
        reserve.move_liquidity(U256::ZERO, U256::ZERO)?;
        reserve.scaled_supply = reserve.scaled_supply.checked_sub(supply_burned).ok_or_else(overflow)?;
        let id = reserve.id;
        let supply_left = holding.scaled_supply.saturating_sub(supply_burned);
        let entry = self.account.holding_mut(asset);
        (entry.scaled_debt, entry.scaled_supply) = (debt_left, supply_left);
        if debt_left.is_zero() {
            self.account.configuration.set_borrowing(id, false);
        }
        if self.account.configuration.is_collateral(id) {
            if supply_left.is_zero() {
                self.account.configuration.set_collateral(id, false);
            }
            if self.account.configuration.is_borrowing_any() {
                self.require_healthy()?;
            }
        }
        Ok(paid)
    }
}
