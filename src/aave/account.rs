//! What one account holds and owes, and what it is worth.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    configuration::UserConfiguration,
    error::StateError,
    market::{EModeCategory, Market},
    math::{debt_amount, percent_mul_down, supplied_amount, wad_div},
    permit::PermitDomain,
    reserve::Reserve,
};
use crate::{
    chain::AccountCode,
    units::{Bps, MathError, Secs, UsdE8, Wad},
};

/// What an account has in one reserve and its token, and what it lets the spender move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Holding {
    /// aTokens before interest.
    pub scaled_supply: U256,
    /// Debt before interest.
    pub scaled_debt: U256,
    /// Tokens in the wallet.
    pub wallet: U256,
    /// Tokens that the spender may move.
    pub wallet_allowance: U256,
    /// aTokens that the spender may move.
    pub a_token_allowance: U256,
    /// What the spender may borrow in the account's name.
    pub borrow_allowance: U256,
    /// Next permit nonce of the token; `None` for a token without permit.
    pub wallet_nonce: Option<U256>,
    /// Next permit nonce of the aToken.
    pub a_token_nonce: U256,
    /// Next delegation nonce of the debt token.
    pub debt_token_nonce: U256,
}

/// An account's part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    /// Whose it is.
    pub address: Address,
    /// Which reserves are collateral and which are borrowed.
    pub configuration: UserConfiguration,
    /// E-mode category; 0 = none.
    pub emode: u8,
    /// By token; tokens that were not asked for are absent.
    pub holdings: BTreeMap<Address, Holding>,
    /// Ether, wei.
    pub native: U256,
    /// Who the allowances are for.
    pub spender: Option<Address>,
    /// What code it has: where it has any, a token may ask that instead of the key's signature.
    #[serde(default)]
    pub code: AccountCode,
    /// Its code takes no ether.
    #[serde(default)]
    pub refuses_ether: bool,
}

/// The six figures of `getUserAccountData`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountData {
    /// Value of the collateral.
    pub collateral: UsdE8,
    /// Value of the debt.
    pub debt: UsdE8,
    /// What more can be borrowed.
    pub available_borrows: UsdE8,
    /// Value-weighted mean of the liquidation thresholds, rounded down.
    pub liquidation_threshold: Bps,
    /// Value-weighted mean of the LTVs, rounded down.
    pub ltv: Bps,
    /// Below one it can be liquidated; `U256::MAX` without debt.
    pub health_factor: Wad,
}

/// [`AccountData`], and what validations need beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Valuation {
    pub(super) data: AccountData,
    /// A collateral of LTV 0, which must leave before any other collateral does.
    pub(super) ltv_zero_collateral: Option<u16>,
}

impl AccountState {
    /// An account with nothing.
    #[must_use]
    pub fn empty(address: Address) -> Self {
        Self {
            address,
            configuration: UserConfiguration::default(),
            emode: 0,
            holdings: BTreeMap::new(),
            native: U256::ZERO,
            spender: None,
            code: AccountCode::None,
            refuses_ether: false,
        }
    }

    /// Whether a token takes its key's signature: for owners that have code some ask the code, which need not know the key.
    #[must_use]
    pub fn signs(&self, permit: &PermitDomain) -> bool {
        self.code.is_none() || !permit.asks_code
    }

    /// What it has in a token; nothing where the token was not asked for.
    #[must_use]
    pub fn holding(&self, asset: Address) -> Holding {
        self.holdings.get(&asset).copied().unwrap_or_default()
    }

    pub(super) fn holding_mut(&mut self, asset: Address) -> &mut Holding {
        self.holdings.entry(asset).or_default()
    }

    /// aTokens with interest (`aToken.balanceOf`).
    pub fn supplied(&self, reserve: &Reserve, at: Secs) -> Result<U256, StateError> {
        Ok(supplied_amount(self.holding(reserve.asset).scaled_supply, reserve.normalized_income(at)?)?)
    }

    /// Debt with interest (`debtToken.balanceOf`).
    pub fn owed(&self, reserve: &Reserve, at: Secs) -> Result<U256, StateError> {
        Ok(debt_amount(self.holding(reserve.asset).scaled_debt, reserve.normalized_debt(at)?)?)
    }

    /// The figures that `getUserAccountData` answers at a moment, at the prices of the market.
    pub fn at(&self, market: &Market, at: Secs) -> Result<AccountData, StateError> {
        Ok(self.valuation(market, at)?.data)
    }

    pub(super) fn valuation(&self, market: &Market, at: Secs) -> Result<Valuation, StateError> {
        let mut sums = Sums::default();
        // The contract answers an account without collateral and debt before it looks at its e-mode.
        if !self.configuration.is_empty() {
            let category = market.category(self.emode)?;
            for id in self.configuration.ids() {
                self.add_reserve(&mut sums, market, category, id, at)?;
            }
        }
        sums.valuation()
    }

    fn add_reserve(
        &self,
        sums: &mut Sums,
        market: &Market,
        category: Option<&EModeCategory>,
        id: u16,
        at: Secs,
    ) -> Result<(), StateError> {
        let reserve = market.reserve_by_id(id)?;
        if !self.holdings.contains_key(&reserve.asset) {
            return Err(StateError::NotRead(reserve.symbol.clone()));
        }
        if self.configuration.is_collateral(id) {
            let value = reserve.collateral_value(self.supplied(reserve, at)?)?.0;
            let ltv = market.ltv_in(reserve, category);
            if ltv == Bps(0) {
                sums.ltv_zero_collateral.get_or_insert(id);
            }
            let threshold = market.liquidation_threshold_in(reserve, category);
            sums.collateral = add(sums.collateral, value)?;
            sums.times_ltv = add(sums.times_ltv, times(value, ltv)?)?;
            sums.times_threshold = add(sums.times_threshold, times(value, threshold)?)?;
        }
        if self.configuration.is_borrowing(id) {
            sums.debt = add(sums.debt, reserve.debt_value(self.owed(reserve, at)?)?.0)?;
        }
        Ok(())
    }
}

fn add(a: U256, b: U256) -> Result<U256, MathError> {
    a.checked_add(b).ok_or(MathError::Overflow)
}

fn times(value: U256, bps: Bps) -> Result<U256, MathError> {
    value.checked_mul(U256::from(bps.0)).ok_or(MathError::Overflow)
}

#[derive(Debug, Default)]
struct Sums {
    collateral: U256,
    times_ltv: U256,
    times_threshold: U256,
    debt: U256,
    ltv_zero_collateral: Option<u16>,
}

impl Sums {
    fn valuation(self) -> Result<Valuation, StateError> {
        // Divided by 100 % only after the division in wad: the reported mean threshold has lost the digits.
        let health_factor = if self.debt.is_zero() {
            U256::MAX
        } else {
            wad_div(self.times_threshold, self.debt)? / super::math::PERCENTAGE_FACTOR
        };
        let ltv = self.times_ltv.checked_div(self.collateral).unwrap_or_default();
        let threshold = self.times_threshold.checked_div(self.collateral).unwrap_or_default();
        let available = percent_mul_down(self.collateral, ltv)?.saturating_sub(self.debt);
        Ok(Valuation {
            data: AccountData {
                collateral: UsdE8(self.collateral),
                debt: UsdE8(self.debt),
                available_borrows: UsdE8(available),
                liquidation_threshold: Bps(threshold.saturating_to()),
                ltv: Bps(ltv.saturating_to()),
                health_factor: Wad(health_factor),
            },
            ltv_zero_collateral: self.ltv_zero_collateral,
        })
    }
}
