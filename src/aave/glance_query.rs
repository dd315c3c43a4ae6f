//! Whether an account's figures are still those of an earlier reading, by Aave's own view of them.

use std::collections::BTreeSet;

use alloy::primitives::{Address, U256};

use super::{
    abi::{IAaveOracle, IPool},
    account::AccountState,
    deployment::Deployment,
    market::Market,
};
use crate::{
    chain::{Answers, Batch, Slot},
    units::Wad,
};

/// Parts per million by which the pool's figures may differ from an earlier reading carried forward in time: what rates that
/// moved since make of a few seconds, and rounding.
const APART: u64 = 5;

/// Where a batch has an account's figures and the prices they are made of.
#[derive(Debug)]
pub struct GlanceQuery {
    account: Address,
    data: Slot<IPool::getUserAccountDataCall>,
    prices: Vec<(Address, Slot<IAaveOracle::getAssetPriceCall>)>,
}

impl GlanceQuery {
    /// Asks for an account's figures alone.
    pub fn figures(deployment: &Deployment, account: Address, batch: &mut Batch) -> Self {
        let data = batch.add(deployment.pool, &IPool::getUserAccountDataCall { user: account });
        Self { account, data, prices: Vec::new() }
    }

    /// Asks for the prices too of all that the account has; `asked` are those that another query of the batch asks for.
    pub fn add(
        deployment: &Deployment,
        market: &Market,
        account: &AccountState,
        asked: &mut BTreeSet<Address>,
        batch: &mut Batch,
    ) -> Self {
        let query = Self::figures(deployment, account.address, batch);
        let held = account.configuration.ids().filter_map(|id| market.reserve_by_id(id).ok());
        let prices = held
            .filter(|reserve| asked.insert(reserve.asset))
            .map(|reserve| {
                let call = IAaveOracle::getAssetPriceCall { asset: reserve.asset };
                (reserve.asset, batch.add(deployment.oracle, &call))
            })
            .collect();
        Self { prices, ..query }
    }

    /// Whose figures these are.
    #[must_use]
    pub const fn account(&self) -> Address {
        self.account
    }

    /// The health factor by the pool's own view; `None` where it does not answer, as without a price.
    #[must_use]
    pub fn health_factor(&self, answers: &Answers) -> Option<Wad> {
        answers.find(self.data).map(|data| Wad(data.healthFactor))
    }

    /// Whether prices are what they were, and figures what the earlier reading says for this time. `market` is that reading at
    /// the block of the answers.
    pub fn is_same(&self, market: &Market, account: &AccountState, answers: &Answers) -> bool {
        for (asset, slot) in &self.prices {
            let known = market.reserve(*asset).ok().and_then(|reserve| reserve.price);
            let Some(price) = answers.find(*slot) else { return false };
            if known.is_none_or(|known| known.value.0 != price) {
                return false;
            }
        }
        let Some(found) = answers.find(self.data) else { return false };
        let Ok(expected) = account.at(market, market.block.timestamp) else { return false };
        let pairs = [
            (found.totalCollateralBase, expected.collateral.0),
            (found.totalDebtBase, expected.debt.0),
            (found.healthFactor, expected.health_factor.0),
        ];
        pairs.iter().all(|(found, expected)| is_near(*found, *expected))
    }
}

/// Within [`APART`], or the last digits of a small sum.
fn is_near(one: U256, two: U256) -> bool {
    let apart = one.abs_diff(two);
    let allowed = one.max(two) / U256::from(1_000_000 / APART);
    apart <= allowed.max(U256::from(2u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_the_same_within_five_parts_per_million() {
        let near = |one: u64, two: u64| is_near(U256::from(one), U256::from(two));
        assert!(near(1_000_000_000, 1_000_005_000) && near(3, 5) && near(0, 2));
        assert!(!near(1_000_000_000, 1_000_006_000) && !near(0, 3));
        assert!(is_near(U256::MAX, U256::MAX) && !is_near(U256::MAX, U256::from(1u8)));
    }
}
