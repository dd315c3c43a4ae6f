//! Supplying, withdrawing, and moving aTokens.

use alloy::primitives::{Address, U256};

use super::{Amount, Projection};
use crate::{
    aave::{
        error::StateError,
        math::{fits_u120, scaled_to_burn, scaled_to_mint, supplied_amount},
        refusal::{Refusal, TokenAmount},
        reserve::Reserve,
    },
    units::{MathError, Ray},
};

impl Projection {
    /// Supplies for the account. The first supply of a reserve makes it collateral where its LTV is above 0.
    pub fn supply(&mut self, asset: Address, amount: U256) -> Result<(), Refusal> {
        self.attempt(|projection| projection.try_supply(asset, amount))
    }

    /// Withdraws from the account's supply; tells what comes out.
    pub fn withdraw(&mut self, asset: Address, amount: Amount) -> Result<U256, Refusal> {
        self.attempt(|projection| projection.try_withdraw(asset, amount))
    }

    /// Moves aTokens of the account to the spender, as the composer does before it withdraws; tells what moved.
    pub fn transfer_a_token(&mut self, asset: Address, amount: Amount) -> Result<TransferredSupply, Refusal> {
        self.attempt(|projection| projection.try_transfer(asset, amount))
    }

    /// Pays out aTokens that the spender got by [`Self::transfer_a_token`]; tells what comes out.
    pub fn withdraw_transferred(&mut self, supply: TransferredSupply) -> Result<U256, Refusal> {
        self.attempt(|projection| projection.try_withdraw_transferred(supply))
    }

    fn try_supply(&mut self, asset: Address, amount: U256) -> Result<(), Refusal> {
        let reserve = self.accrued(asset)?;
        let scaled = fits_u120(scaled_to_mint(amount, reserve.liquidity_index).map_err(StateError::from)?)
            .map_err(StateError::from)?;
        if scaled.is_zero() {
            return Err(Refusal::AmountTooSmall(TokenAmount::of(reserve, amount)));
        }
        require_usable(reserve)?;
        if reserve.configuration.is_frozen() {
            return Err(Refusal::Frozen(reserve.symbol.clone()));
        }
        require_supply_room(reserve, scaled)?;
        reserve.move_liquidity(amount, U256::ZERO)?;
        reserve.scaled_supply = sum(reserve.scaled_supply, scaled)?;
        let id = reserve.id;

        let holding = self.account.holding_mut(asset);
        let first = holding.scaled_supply.is_zero();
        holding.scaled_supply = sum(holding.scaled_supply, scaled)?;
        if first && self.becomes_collateral(asset)? {
            self.account.configuration.set_collateral(id, true);
        }
        Ok(())
    }

    fn try_withdraw(&mut self, asset: Address, amount: Amount) -> Result<U256, Refusal> {
        let owned = self.account.holding(asset).scaled_supply;
        let reserve = self.accrued(asset)?;
        let (amount, scaled) = resolve(reserve, owned, amount)?;
        take_out(reserve, owned, amount, scaled)?;
        let id = reserve.id;
        let left = owned.saturating_sub(scaled);
        self.account.holding_mut(asset).scaled_supply = left;
        self.release_collateral(asset, id, left)?;
        Ok(amount)
    }

    fn try_transfer(&mut self, asset: Address, amount: Amount) -> Result<TransferredSupply, Refusal> {
        let at = self.at;
        let holding = self.account.holding(asset);
        let spender = self.account.spender;
        let reserve = self.market.reserve(asset)?;
        let index = reserve.normalized_income(at)?;
        let owned = holding.scaled_supply;
        let balance = supplied_amount(owned, index).map_err(StateError::from)?;
        let amount = match amount {
            Amount::Exact(amount) => amount,
            Amount::All => balance,
        };
        let asked = || TokenAmount::of(reserve, amount);
        let scaled = fits_u120(scaled_to_burn(amount, index).map_err(StateError::from)?).map_err(StateError::from)?;
        if scaled.is_zero() {
            return Err(Refusal::AmountTooSmall(asked()));
        }
        if scaled > owned {
            return Err(Refusal::BalanceShort { balance: TokenAmount::of(reserve, balance), asked: asked() });
        }
        if let Some(spender) = spender.filter(|_| holding.a_token_allowance < amount) {
            let allowed = TokenAmount::of(reserve, holding.a_token_allowance);
            return Err(Refusal::AllowanceShort { spender, allowed, asked: asked() });
        }
        if reserve.configuration.is_paused() {
            return Err(Refusal::Paused(reserve.symbol.clone()));
        }
        let left = owned.saturating_sub(scaled);
        let after = supplied_amount(left, index).map_err(StateError::from)?;
        let id = reserve.id;
        let entry = self.account.holding_mut(asset);
        entry.scaled_supply = left;
        // An unlimited allowance is not used up. Any other pays what leaves, which may be one unit more than was
        // asked, as far as it reaches.
        if entry.a_token_allowance != U256::MAX {
            entry.a_token_allowance = entry.a_token_allowance.saturating_sub(balance.saturating_sub(after));
        }
        self.release_collateral(asset, id, left)?;
        Ok(TransferredSupply { asset, amount, scaled })
    }

    fn try_withdraw_transferred(&mut self, supply: TransferredSupply) -> Result<U256, Refusal> {
        let reserve = self.accrued(supply.asset)?;
        let (amount, scaled) = resolve(reserve, supply.scaled, Amount::Exact(supply.amount))?;
        take_out(reserve, supply.scaled, amount, scaled)?;
        Ok(amount)
    }

    /// What follows from collateral leaving the account: the flag when nothing is left, and the health rules.
    fn release_collateral(&mut self, asset: Address, id: u16, left: U256) -> Result<(), Refusal> {
        if !self.account.configuration.is_collateral(id) {
            return Ok(());
        }
        if left.is_zero() {
            self.account.configuration.set_collateral(id, false);
        }
        if self.account.configuration.is_borrowing_any() { self.require_may_leave(asset) } else { Ok(()) }
    }
}

/// aTokens on their way from the account through the spender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "aTokens that were transferred are withdrawn or stay with the spender"]
pub struct TransferredSupply {
    /// The token.
    pub asset: Address,
    /// What was asked to move.
    pub amount: U256,
    /// Scaled aTokens that moved.
    pub scaled: U256,
}

fn sum(a: U256, b: U256) -> Result<U256, StateError> {
    Ok(a.checked_add(b).ok_or(MathError::Overflow)?)
}

pub(super) fn require_usable(reserve: &Reserve) -> Result<(), Refusal> {
    if !reserve.configuration.is_active() {
        return Err(Refusal::Inactive(reserve.symbol.clone()));
    }
    if reserve.configuration.is_paused() {
        return Err(Refusal::Paused(reserve.symbol.clone()));
    }
    Ok(())
}

fn resolve(reserve: &Reserve, owned: U256, amount: Amount) -> Result<(U256, U256), StateError> {
    let index: Ray = reserve.liquidity_index;
    Ok(match amount {
        Amount::All => (supplied_amount(owned, index)?, owned),
        Amount::Exact(amount) => (amount, scaled_to_burn(amount, index)?),
    })
}

fn take_out(reserve: &mut Reserve, owned: U256, amount: U256, scaled: U256) -> Result<(), Refusal> {
    if scaled.is_zero() {
        return Err(Refusal::AmountTooSmall(TokenAmount::of(reserve, amount)));
    }
    if scaled > owned {
        let balance = supplied_amount(owned, reserve.liquidity_index).map_err(StateError::from)?;
        return Err(Refusal::BalanceShort {
            balance: TokenAmount::of(reserve, balance),
            asked: TokenAmount::of(reserve, amount),
        });
    }
    require_usable(reserve)?;
    require_liquidity(reserve, amount)?;
    reserve.move_liquidity(U256::ZERO, amount)?;
    reserve.scaled_supply = reserve.scaled_supply.checked_sub(scaled).ok_or(StateError::Math(MathError::Overflow))?;
    Ok(())
}

pub(super) fn require_liquidity(reserve: &Reserve, asked: U256) -> Result<(), Refusal> {
    if reserve.virtual_balance < asked {
        return Err(Refusal::LiquidityShort {
            available: TokenAmount::of(reserve, reserve.virtual_balance),
            asked: TokenAmount::of(reserve, asked),
        });
    }
    Ok(())
}

/// The cap counts the treasury's unminted share too.
fn require_supply_room(reserve: &Reserve, scaled: U256) -> Result<(), Refusal> {
    let whole = reserve.configuration.supply_cap();
    if whole == 0 {
        return Ok(());
    }
    let cap = U256::from(whole).checked_mul(reserve.unit().map_err(StateError::from)?).ok_or(MathError::Overflow);
    let cap = cap.map_err(StateError::from)?;
    let before = sum(reserve.scaled_supply, reserve.accrued_to_treasury)?;
    let amount = |scaled| supplied_amount(scaled, reserve.liquidity_index).map_err(StateError::from);
    let after = amount(sum(before, scaled)?)?;
    if after <= cap {
        return Ok(());
    }
    Err(Refusal::SupplyCapExceeded {
        cap: TokenAmount::of(reserve, cap),
        after: TokenAmount::of(reserve, after),
        room: TokenAmount::of(reserve, cap.saturating_sub(amount(before)?)),
    })
}
