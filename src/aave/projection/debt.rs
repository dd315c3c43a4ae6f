//! Borrowing and repaying.

use alloy::primitives::{Address, U256};

use super::{
    Amount, Projection,
    lend::{require_liquidity, require_usable},
};
use crate::{
    aave::{
        error::StateError,
        market::{EModeCategory, Market},
        math::{debt_amount, fits_u120, percent_div_up, scaled_debt_to_burn, scaled_debt_to_mint, supplied_amount},
        refusal::{Refusal, TokenAmount},
        reserve::Reserve,
    },
    units::MathError,
};

/// In which way a debt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Borrowing {
    /// By the account itself; the tokens leave the reserve.
    Own,
    /// By the spender, which uses up the delegation; the tokens leave the reserve.
    Delegated,
    /// By the account itself, of a flash loan whose tokens have left before.
    FlashLoan,
}

impl Projection {
    /// Borrows for the account by itself.
    pub fn borrow(&mut self, asset: Address, amount: U256) -> Result<(), Refusal> {
        self.attempt(|projection| projection.borrow_with_maximum(asset, amount, Borrowing::Own))
    }

    /// Borrows for the account by its spender, which uses up the delegation.
    pub fn borrow_delegated(&mut self, asset: Address, amount: U256) -> Result<(), Refusal> {
        self.attempt(|projection| projection.borrow_with_maximum(asset, amount, Borrowing::Delegated))
    }

    /// Repays; tells what is paid, which is never more than the debt.
    pub fn repay(&mut self, asset: Address, amount: Amount) -> Result<U256, Refusal> {
        self.attempt(|projection| projection.try_repay(asset, amount))
    }

    /// As [`Self::try_borrow`], with the largest amount that goes through in a refusal for lack of collateral.
    pub(super) fn borrow_with_maximum(
        &mut self,
        asset: Address,
        amount: U256,
        borrowing: Borrowing,
    ) -> Result<(), Refusal> {
        let before = self.clone();
        self.try_borrow(asset, amount, borrowing).map_err(|refusal| match refusal {
            Refusal::CollateralCannotCoverNewBorrow { collateral, ltv, debt, maximum } => {
                let largest = before.max_borrow(asset).unwrap_or_default();
                let maximum = Box::new(TokenAmount { amount: largest, ..*maximum });
                Refusal::CollateralCannotCoverNewBorrow { collateral, ltv, debt, maximum }
            }
            other => other,
        })
    }

    pub(super) fn try_borrow(&mut self, asset: Address, amount: U256, borrowing: Borrowing) -> Result<(), Refusal> {
        self.accrued(asset)?;
        let reserve = self.market.reserve(asset)?;
        let scaled = scaled_debt_to_mint(amount, reserve.variable_borrow_index).map_err(StateError::from)?;
        let category = self.market.category(self.account.emode)?;
        require_borrowable(&self.market, reserve, category, amount, scaled)?;
        require_borrow_room(reserve, scaled)?;
        self.require_no_isolation(reserve)?;
        let taken = if borrowing == Borrowing::FlashLoan { U256::ZERO } else { amount };
        if borrowing == Borrowing::Delegated {
            self.spend_delegation(asset, amount, scaled)?;
        }
        require_liquidity(self.market.reserve(asset)?, taken)?;

        let scaled = fits_u120(scaled).map_err(StateError::from)?;
        let reserve = self.market.reserve_mut(asset)?;
        let id = reserve.id;
        reserve.scaled_debt = reserve.scaled_debt.checked_add(scaled).ok_or(StateError::Math(MathError::Overflow))?;
        reserve.move_liquidity(U256::ZERO, taken)?;
        let holding = self.account.holding_mut(asset);
        holding.scaled_debt = holding.scaled_debt.checked_add(scaled).ok_or(StateError::Math(MathError::Overflow))?;
        self.account.configuration.set_borrowing(id, true);
        self.require_covered(asset)
    }

    fn try_repay(&mut self, asset: Address, amount: Amount) -> Result<U256, Refusal> {
        let owed_scaled = self.account.holding(asset).scaled_debt;
        let reserve = self.accrued(asset)?;
        let index = reserve.variable_borrow_index;
        if amount == Amount::Exact(U256::ZERO) {
            return Err(Refusal::AmountTooSmall(TokenAmount::of(reserve, U256::ZERO)));
        }
        require_usable(reserve)?;
        if owed_scaled.is_zero() {
            return Err(Refusal::NoDebt(reserve.symbol.clone()));
        }
        let owed = debt_amount(owed_scaled, index).map_err(StateError::from)?;
        let paid = match amount {
            Amount::All => owed,
            Amount::Exact(amount) => amount.min(owed),
        };
        let burned = scaled_debt_to_burn(paid, index).map_err(StateError::from)?;
        if burned.is_zero() {
            return Err(Refusal::RoundsToNothing(TokenAmount::of(reserve, paid)));
        }
        let left = owed_scaled.checked_sub(burned).ok_or(StateError::Math(MathError::Overflow))?;
        reserve.scaled_debt = reserve.scaled_debt.checked_sub(burned).ok_or(StateError::Math(MathError::Overflow))?;
        reserve.move_liquidity(paid, U256::ZERO)?;
        let id = reserve.id;
        self.account.holding_mut(asset).scaled_debt = left;
        if left.is_zero() {
            self.account.configuration.set_borrowing(id, false);
        }
        Ok(paid)
    }

    /// The delegation pays the debt's increase, which may be one unit more than the amount, as far as it reaches.
    fn spend_delegation(&mut self, asset: Address, amount: U256, scaled: U256) -> Result<(), Refusal> {
        let Some(spender) = self.account.spender else { return Ok(()) };
        let reserve = self.market.reserve(asset)?;
        let holding = self.account.holding(asset);
        if holding.borrow_allowance < amount {
            let allowed = TokenAmount::of(reserve, holding.borrow_allowance);
            return Err(Refusal::DelegationShort { spender, allowed, asked: TokenAmount::of(reserve, amount) });
        }
        let owed = |scaled| debt_amount(scaled, reserve.variable_borrow_index).map_err(StateError::from);
        let after = holding.scaled_debt.checked_add(scaled).ok_or(StateError::Math(MathError::Overflow))?;
        let increase = owed(after)?.saturating_sub(owed(holding.scaled_debt)?);
        let entry = self.account.holding_mut(asset);
        entry.borrow_allowance = entry.borrow_allowance.saturating_sub(increase);
        Ok(())
    }

    fn require_no_isolation(&self, reserve: &Reserve) -> Result<(), Refusal> {
        let siloed = |id: &u16| self.market.reserve_by_id(*id).is_ok_and(|reserve| self.market.is_siloed(reserve));
        let configuration = self.account.configuration;
        let borrowed: Vec<u16> = configuration.ids().filter(|id| configuration.is_borrowing(*id)).collect();
        if let Some(isolated) = self.isolated_collateral()? {
            return Err(Refusal::IsolationUnsupported(isolated.symbol.clone()));
        }
        if self.market.is_siloed(reserve) || borrowed.iter().any(siloed) {
            return Err(Refusal::IsolationUnsupported(reserve.symbol.clone()));
        }
        Ok(())
    }

    /// The rules after a borrow, in the contract's order: something to borrow against, healthy, covered by the LTV.
    fn require_covered(&self, asset: Address) -> Result<(), Refusal> {
        let data = self.account_data()?;
        if data.ltv.0 == 0 {
            return Err(Refusal::NothingToBorrowAgainst);
        }
        self.require_healthy()?;
        let needed = percent_div_up(data.debt.0, U256::from(data.ltv.0)).map_err(StateError::from)?;
        if data.collateral.0 < needed {
            return Err(Refusal::CollateralCannotCoverNewBorrow {
                collateral: data.collateral,
                ltv: data.ltv,
                debt: data.debt,
                maximum: TokenAmount::of(self.market.reserve(asset)?, U256::ZERO),
            });
        }
        Ok(())
    }
}

/// What bars a borrow of any amount.
pub(super) fn require_open_to_borrows(
    market: &Market,
    reserve: &Reserve,
    category: Option<&EModeCategory>,
) -> Result<(), Refusal> {
    require_usable(reserve)?;
    let symbol = || reserve.symbol.clone();
    if reserve.configuration.is_frozen() {
        return Err(Refusal::Frozen(symbol()));
    }
    if market.is_borrowable_in(reserve, category) {
        return Ok(());
    }
    Err(match category {
        None => Refusal::BorrowingDisabled(symbol()),
        Some(category) => {
            Refusal::NotBorrowableInEMode { symbol: symbol(), category: category.id, label: category.label.clone() }
        }
    })
}

fn require_borrowable(
    market: &Market,
    reserve: &Reserve,
    category: Option<&EModeCategory>,
    amount: U256,
    scaled: U256,
) -> Result<(), Refusal> {
    if scaled.is_zero() {
        return Err(Refusal::AmountTooSmall(TokenAmount::of(reserve, amount)));
    }
    require_open_to_borrows(market, reserve, category)?;
    let debt = debt_amount(scaled, reserve.variable_borrow_index).map_err(StateError::from)?;
    let supply = supplied_amount(reserve.scaled_supply, reserve.liquidity_index);
    let supply = supply.map_err(StateError::from)?;
    if supply < debt {
        return Err(Refusal::LiquidityShort {
            available: TokenAmount::of(reserve, reserve.virtual_balance.min(supply)),
            asked: TokenAmount::of(reserve, amount),
        });
    }
    if !market.borrowing_allowed {
        return Err(Refusal::SentinelBarsBorrowing);
    }
    Ok(())
}

fn require_borrow_room(reserve: &Reserve, scaled: U256) -> Result<(), Refusal> {
    let whole = reserve.configuration.borrow_cap();
    if whole == 0 {
        return Ok(());
    }
    let overflow = || StateError::Math(MathError::Overflow);
    let cap = U256::from(whole).checked_mul(reserve.unit().map_err(StateError::from)?).ok_or_else(overflow)?;
    let owed = |scaled| debt_amount(scaled, reserve.variable_borrow_index).map_err(StateError::from);
    let after = owed(reserve.scaled_debt.checked_add(scaled).ok_or_else(overflow)?)?;
    if after <= cap {
        return Ok(());
    }
    Err(Refusal::BorrowCapExceeded {
        cap: TokenAmount::of(reserve, cap),
        after: TokenAmount::of(reserve, after),
        room: TokenAmount::of(reserve, cap.saturating_sub(owed(reserve.scaled_debt)?)),
    })
}
