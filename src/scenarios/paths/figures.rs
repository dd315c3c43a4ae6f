//! An account's figures by plain sums, beside the program's own: what the checks go by.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::{Shown, Step, market::feeds};
use crate::{
    aave::{AccountState, Market, Reserve, StateError},
    units::{Bps, UsdE8, WAD, Wad, mul_div_down},
};

/// Values of an account at some prices, USD with 8 decimals.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    /// Everything that is supplied, and the wallet.
    pub(super) has: U256,
    /// What backs debt.
    pub(super) collateral: U256,
    /// The same, each times its liquidation threshold.
    pub(super) weighted: U256,
    pub(super) debt: U256,
}

impl Sums {
    /// `None` without debt.
    pub(super) fn health_factor(&self) -> Wad {
        if self.debt.is_zero() {
            return Wad(U256::MAX);
        }
        Wad(mul_div_down(self.weighted, WAD, self.debt).unwrap_or(U256::MAX))
    }

    pub(super) fn equity(&self) -> U256 {
        self.has.saturating_sub(self.debt)
    }
}

/// The liquidation threshold that a collateral counts with.
pub(super) fn threshold(market: &Market, account: &AccountState, reserve: &Reserve) -> Result<Bps, StateError> {
    Ok(market.liquidation_threshold_in(reserve, market.category(account.emode)?))
}

/// An account's sums at the prices that `price` names.
pub(super) fn sums(
    account: &AccountState,
    market: &Market,
    price: impl Fn(Address) -> UsdE8,
) -> Result<Sums, StateError> {
    let mut sums = Sums::default();
    for reserve in &market.reserves {
        let (unit, price) = (reserve.unit()?, price(reserve.asset).0);
        let value = |amount: U256| mul_div_down(amount, price, unit);
        let supplied = value(account.supplied(reserve, market.block.timestamp)?)?;
        let wallet = value(account.holding(reserve.asset).wallet)?;
        sums.has = sums.has.saturating_add(supplied).saturating_add(wallet);
        if account.configuration.is_collateral(reserve.id) {
            let threshold = U256::from(threshold(market, account, reserve)?.0);
            sums.collateral = sums.collateral.saturating_add(supplied);
            let counted = mul_div_down(supplied, threshold, U256::from(Bps::ONE.0))?;
            sums.weighted = sums.weighted.saturating_add(counted);
        }
        sums.debt = sums.debt.saturating_add(value(account.owed(reserve, market.block.timestamp)?)?);
    }
    Ok(sums)
}

/// What a head shows of an account.
pub(super) fn shown(account: &AccountState, market: &Market, step: &Step) -> Result<Shown, StateError> {
    let feeds: BTreeMap<Address, UsdE8> = feeds(step)?;
    let at = |price: &dyn Fn(Address) -> UsdE8| Ok::<_, StateError>(sums(account, market, price)?.health_factor());
    Ok(Shown {
        now: at(&|token| step.of(token).oracle)?,
        at_feed: Some(at(&|token| feeds.get(&token).copied().unwrap_or_else(|| step.of(token).oracle))?),
        at_pool: Some(at(&|token| step.of(token).pool)?),
    })
}
