//! One reserve of the market, and how it moves through time.

use alloy::primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::{
    configuration::ReserveConfiguration,
    error::StateError,
    interest::{RateStrategy, Usage, compounded_growth, linear_growth},
    math::{debt_amount, fits_u128, mul_div_down, percent_mul, ray_mul, scaled_to_mint, supplied_amount, unit},
};
use crate::units::{MathError, Ray, Secs, UsdE8};

/// A price of Aave's oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// US dollars per whole token, 8 decimals.
    pub value: UsdE8,
    /// The contract that the oracle asks.
    pub source: Address,
    /// When the source was last updated, where it says so. Capped-rate adapters do not.
    pub updated_at: Option<Secs>,
}

impl Price {
    /// How old the price is at a moment; `None` where the source does not say.
    #[must_use]
    pub fn age(&self, at: Secs) -> Option<Secs> {
        self.updated_at.map(|updated| Secs(at.0.saturating_sub(updated.0)))
    }
}

/// A reserve as it is stored on chain, last brought up to date at [`Self::last_update`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    /// Position in the bitmaps.
    pub id: u16,
    /// The token.
    pub asset: Address,
    /// The token's symbol.
    pub symbol: String,
    /// Receipt for supplies.
    pub a_token: Address,
    /// Receipt for debts.
    pub debt_token: Address,
    /// Parameters.
    pub configuration: ReserveConfiguration,
    /// Supply index at the last update.
    pub liquidity_index: Ray,
    /// Debt index at the last update.
    pub variable_borrow_index: Ray,
    /// What suppliers earn per year since the last update.
    pub liquidity_rate: Ray,
    /// What borrowers pay per year since the last update.
    pub variable_borrow_rate: Ray,
    /// The last update.
    pub last_update: Secs,
    /// Scaled aTokens that the treasury has not yet minted.
    pub accrued_to_treasury: U256,
    /// Tokens that can leave the reserve. Donations do not count.
    pub virtual_balance: U256,
    /// Bad debt.
    pub deficit: U256,
    /// Scaled total supply of the aToken.
    pub scaled_supply: U256,
    /// Scaled total supply of the debt token.
    pub scaled_debt: U256,
    /// The oracle's price, if it answers one.
    pub price: Option<Price>,
    /// The rate curve.
    pub strategy: RateStrategy,
}

impl Reserve {
    fn elapsed(&self, at: Secs) -> Result<Secs, StateError> {
        at.0.checked_sub(self.last_update.0).map(Secs).ok_or_else(|| StateError::TimeRunsBackwards {
            symbol: self.symbol.clone(),
            last: self.last_update,
            at,
        })
    }

    /// Supply index at a moment (`getReserveNormalizedIncome`).
    pub fn normalized_income(&self, at: Secs) -> Result<Ray, StateError> {
        match self.elapsed(at)? {
            Secs(0) => Ok(self.liquidity_index),
            elapsed => Ok(Ray(ray_mul(linear_growth(self.liquidity_rate, elapsed)?, self.liquidity_index.0)?)),
        }
    }

    /// Debt index at a moment (`getReserveNormalizedVariableDebt`).
    pub fn normalized_debt(&self, at: Secs) -> Result<Ray, StateError> {
        match self.elapsed(at)? {
            Secs(0) => Ok(self.variable_borrow_index),
            elapsed => {
                let growth = compounded_growth(self.variable_borrow_rate, elapsed)?;
                Ok(Ray(ray_mul(growth, self.variable_borrow_index.0)?))
            }
        }
    }

    /// All that is supplied, with interest (`aToken.totalSupply`).
    pub fn total_supply(&self, at: Secs) -> Result<U256, StateError> {
        Ok(supplied_amount(self.scaled_supply, self.normalized_income(at)?)?)
    }

    /// All that is owed, with interest (`debtToken.totalSupply`).
    pub fn total_debt(&self, at: Secs) -> Result<U256, StateError> {
        Ok(debt_amount(self.scaled_debt, self.normalized_debt(at)?)?)
    }

    /// The price, or an error that names the token.
    pub fn price(&self) -> Result<UsdE8, StateError> {
        self.price.map(|price| price.value).ok_or_else(|| StateError::NoPrice(self.symbol.clone()))
    }

    /// One whole token.
    pub fn unit(&self) -> Result<U256, MathError> {
        unit(self.configuration.decimals())
    }

    /// An amount's value, rounded down: how collateral counts.
    pub fn collateral_value(&self, amount: U256) -> Result<UsdE8, StateError> {
        Ok(UsdE8(mul_div_down(amount, self.price()?.0, self.unit()?)?))
    }

    /// An amount's value, rounded up: how debt counts.
    pub fn debt_value(&self, amount: U256) -> Result<UsdE8, StateError> {
        Ok(UsdE8(super::math::mul_div_up(amount, self.price()?.0, self.unit()?)?))
    }

    /// Brings indices and the treasury's share up to a moment, as every action on the reserve first does.
    pub(super) fn accrue(&mut self, at: Secs) -> Result<(), StateError> {
        if self.elapsed(at)? == Secs(0) {
            return Ok(());
        }
        let income = self.normalized_income(at)?;
        if !self.liquidity_rate.0.is_zero() {
            self.liquidity_index = Ray(fits_u128(income.0)?);
        }
        let before = self.variable_borrow_index;
        if !self.scaled_debt.is_zero() {
            self.variable_borrow_index = Ray(fits_u128(self.normalized_debt(at)?.0)?);
        }
        let growth = self.variable_borrow_index.0.checked_sub(before.0).ok_or(MathError::Overflow)?;
        let interest = supplied_amount(self.scaled_debt, Ray(growth))?;
        let share = percent_mul(interest, U256::from(self.configuration.reserve_factor().0))?;
        self.credit_treasury(share)?;
        self.last_update = at;
        Ok(())
    }

    /// Books tokens for the treasury, as scaled aTokens yet to be minted.
    pub(super) fn credit_treasury(&mut self, amount: U256) -> Result<(), StateError> {
        let scaled = scaled_to_mint(amount, self.liquidity_index)?;
        let sum = self.accrued_to_treasury.checked_add(scaled).ok_or(MathError::Overflow)?;
        self.accrued_to_treasury = fits_u128(sum)?;
        Ok(())
    }

    /// Moves liquidity and sets the rates that follow from it. The reserve must be accrued to the moment.
    pub(super) fn move_liquidity(&mut self, added: U256, taken: U256) -> Result<(), StateError> {
        let available = self.virtual_balance.checked_add(added).ok_or(MathError::Overflow)?;
        let available = available.checked_sub(taken).ok_or(MathError::Overflow)?;
        let rates = self.strategy.rates(&Usage {
            available,
            debt: debt_amount(self.scaled_debt, self.variable_borrow_index)?,
            deficit: self.deficit,
            reserve_factor: self.configuration.reserve_factor(),
        })?;
        self.virtual_balance = fits_u128(available)?;
        self.liquidity_rate = Ray(fits_u128(rates.liquidity.0)?);
        self.variable_borrow_rate = Ray(fits_u128(rates.variable_borrow.0)?);
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use alloy::primitives::address;

    use super::*;
    use crate::{aave::math::RAY, units::Bps};

    pub(in crate::aave) fn usdc() -> Reserve {
        let word: U256 =
            [(7_500u64, 0usize), (7_800, 16), (10_500, 32), (6, 48), (1, 56), (1, 58), (1, 63), (1_000, 64)]
                .iter()
                .fold(U256::ZERO, |word, (value, at)| word | (U256::from(*value) << *at));
        Reserve {
            id: 4,
            asset: address!("833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
            symbol: "USDC".to_owned(),
            a_token: address!("4e65fE4DbA92790696d040ac24Aa414708F5c0AB"),
            debt_token: address!("59dca05b6c26dbd64b5381374aAaC5CD05644C28"),
            configuration: ReserveConfiguration(word),
            liquidity_index: Ray(RAY),
            variable_borrow_index: Ray(RAY),
            liquidity_rate: Ray(RAY / U256::from(50u8)),
            variable_borrow_rate: Ray(RAY / U256::from(20u8)),
            last_update: Secs(1_000),
            accrued_to_treasury: U256::ZERO,
            virtual_balance: U256::from(500_000_000_000u64),
            deficit: U256::ZERO,
            scaled_supply: U256::from(1_000_000_000_000u64),
            scaled_debt: U256::from(500_000_000_000u64),
            price: Some(Price {
                value: UsdE8(U256::from(100_000_000u64)),
                source: Address::ZERO,
                updated_at: Some(Secs(900)),
            }),
            strategy: RateStrategy {
                optimal_usage: Bps(9_000),
                base_rate: Bps(0),
                slope1: Bps(500),
                slope2: Bps(1_000),
            },
        }
    }

    #[test]
    fn a_reserve_cannot_be_asked_about_the_past() {
        let error = usdc().normalized_income(Secs(999)).expect_err("past");
        assert_eq!(error.to_string(), "time 999 is before the last update of USDC at 1000");
    }

    #[test]
    fn accruing_keeps_what_everybody_owns_and_owes() {
        let at = Secs(1_000 + 86_400);
        let before = usdc();
        let mut after = usdc();
        after.accrue(at).expect("accrue");
        assert_eq!(after.total_debt(at), before.total_debt(at));
        assert_eq!(after.total_supply(at), before.total_supply(at));
        assert!(after.accrued_to_treasury > U256::ZERO);
        assert_eq!(after.last_update, at);
    }

    #[test]
    fn a_debt_index_without_debt_stands_still() {
        let mut reserve = usdc();
        reserve.scaled_debt = U256::ZERO;
        reserve.accrue(Secs(90_000)).expect("accrue");
        assert_eq!(reserve.variable_borrow_index, Ray(RAY));
        assert!(reserve.liquidity_index.0 > RAY);
    }

    #[test]
    fn the_age_of_a_price_is_told_where_the_source_tells_it() {
        let price = usdc().price.expect("price");
        assert_eq!(price.age(Secs(1_000)), Some(Secs(100)));
        assert_eq!(Price { updated_at: None, ..price }.age(Secs(1_000)), None);
    }
}
