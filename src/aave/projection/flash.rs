//! Flash loans: taken, then paid back with the premium or turned into debt.

use alloy::primitives::{Address, U256};

use super::{
    Projection,
    debt::Borrowing,
    lend::{require_liquidity, require_usable},
};
use crate::{
    aave::{
        error::StateError,
        math::percent_mul_up,
        refusal::{Refusal, TokenAmount},
    },
    units::MathError,
};

/// A flash loan that is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a flash loan must be paid back or turned into debt"]
pub struct FlashLoan {
    /// The token.
    pub asset: Address,
    /// What was lent.
    pub amount: U256,
    /// What it costs when it is paid back, rounded up.
    pub premium: U256,
}

impl Projection {
    /// Takes a flash loan: its tokens leave the reserve until it is settled, so they cannot be borrowed meanwhile.
    pub fn flash_loan(&mut self, asset: Address, amount: U256) -> Result<FlashLoan, Refusal> {
        self.attempt(|projection| projection.try_flash_loan(asset, amount))
    }

    /// Pays a flash loan and its premium back.
    pub fn repay_flash_loan(&mut self, loan: FlashLoan) -> Result<(), Refusal> {
        self.attempt(|projection| {
            let reserve = projection.accrued(loan.asset)?;
            reserve.credit_treasury(loan.premium)?;
            let returned = loan.amount.checked_add(loan.premium).ok_or(StateError::Math(MathError::Overflow))?;
            reserve.move_liquidity(returned, U256::ZERO)?;
            Ok(())
        })
    }

    /// Keeps a flash loan that the account took itself as its debt, without premium (`flashLoan` with interest rate
    /// mode 2).
    pub fn keep_flash_loan_as_debt(&mut self, loan: FlashLoan) -> Result<(), Refusal> {
        self.attempt(|projection| projection.borrow_with_maximum(loan.asset, loan.amount, Borrowing::FlashLoan))
    }

    fn try_flash_loan(&mut self, asset: Address, amount: U256) -> Result<FlashLoan, Refusal> {
        let at = self.at;
        let premium_rate = U256::from(self.market.flash_loan_premium.0);
        let reserve = self.market.reserve_mut(asset)?;
        require_usable(reserve)?;
        if !reserve.configuration.is_flash_loan_enabled() {
            return Err(Refusal::FlashLoanDisabled(reserve.symbol.clone()));
        }
        let supply = reserve.total_supply(at)?;
        if supply < amount {
            return Err(Refusal::LiquidityShort {
                available: TokenAmount::of(reserve, reserve.virtual_balance.min(supply)),
                asked: TokenAmount::of(reserve, amount),
            });
        }
        require_liquidity(reserve, amount)?;
        reserve.virtual_balance = reserve.virtual_balance.saturating_sub(amount);
        let premium = percent_mul_up(amount, premium_rate).map_err(StateError::from)?;
        Ok(FlashLoan { asset, amount, premium })
    }
}
