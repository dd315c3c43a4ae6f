//! What was read at a head.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, U256};

use super::known_pairs::{KnownPairs, tokens_of};
use crate::{
    aave::{AccountState, Market},
    chain::BlockRef,
    dex::{PoolId, Pools},
    loops::{Contracts, FeedReading, LoopSnapshot, Pair},
    units::{UsdE8, Wad},
};

/// Accounts at one block.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The block.
    pub block: BlockRef,
    /// Aave.
    pub market: Market,
    /// Accounts whose health factor is near enough to matter, in full.
    pub near: BTreeMap<Address, AccountState>,
    /// Health factors of the others.
    pub far: BTreeMap<Address, Wad>,
    /// Plausible prices of the feeds behind Aave's oracle, by token, that are as new as Aave's own.
    pub feeds: BTreeMap<Address, UsdE8>,
    /// What became of each feed that is asked, with both figures.
    pub feed_readings: Vec<FeedReading>,
    /// Calls to an endpoint that it took.
    pub calls: usize,
    /// Carried forward from an earlier head, because a glance at this one has shown nothing but time that passed.
    pub is_carried: bool,
    pub(super) pools: Pools,
    pub(super) pairs: KnownPairs,
}

/// A pair at one head: its tokens, what lies in the contracts, what Morpho Blue can lend of its debt asset.
#[derive(Debug, Clone)]
pub struct PairReading {
    /// The two assets.
    pub pair: Pair,
    /// What composer and forwarder hold or have approved.
    pub contracts: Contracts,
    /// Debt asset that Morpho Blue holds.
    pub morpho_liquidity: U256,
}

impl Observation {
    /// One account at a market's block, put together from its parts instead of being read from a chain.
    #[must_use]
    pub fn of(
        market: Market,
        account: AccountState,
        feeds: BTreeMap<Address, UsdE8>,
        pools: Pools,
        pairs: impl IntoIterator<Item = PairReading>,
    ) -> Self {
        let known = |PairReading { pair, contracts, morpho_liquidity }| {
            ((pair.collateral.token, pair.debt.token), (pair, contracts, morpho_liquidity))
        };
        Self {
            block: market.block,
            market,
            near: BTreeMap::from([(account.address, account)]),
            far: BTreeMap::new(),
            feeds,
            feed_readings: Vec::new(),
            calls: 0,
            is_carried: false,
            pools,
            pairs: pairs.into_iter().map(known).collect(),
        }
    }

    /// Feeds that are out at this head, with the reason and both figures.
    pub fn dropped_feeds(&self) -> impl Iterator<Item = &FeedReading> {
        self.feed_readings.iter().filter(|reading| reading.fault().is_some())
    }

    /// The pools of all pairs.
    #[must_use]
    pub const fn pools(&self) -> &Pools {
        &self.pools
    }

    /// Of each pair that may be swapped the pool with the most liquidity at its price: what shows first where prices go.
    pub(super) fn deepest_pools(&self) -> BTreeSet<PoolId> {
        let between = |(one, two): &(Address, Address)| self.pools.deepest_between(*one, *two).map(|pool| pool.id());
        self.pairs.keys().filter_map(between).collect()
    }

    /// Every supply with every debt of a near account, dust left out.
    #[must_use]
    pub fn pairs(&self, account: Address) -> Vec<Pair> {
        let Some(state) = self.near.get(&account) else { return Vec::new() };
        let held = tokens_of(&self.market, state);
        held.iter().filter_map(|(collateral, debt)| self.pair(*collateral, *debt)).collect()
    }

    /// The pair of a supply and a debt, where any account that was read has it.
    #[must_use]
    pub fn pair(&self, collateral: Address, debt: Address) -> Option<Pair> {
        self.pairs.get(&(collateral, debt)).map(|(pair, ..)| pair.clone())
    }

    /// What a plan for a pair of a near account is made from.
    #[must_use]
    pub fn snapshot(&self, account: Address, pair: &Pair) -> Option<LoopSnapshot> {
        let (_, contracts, morpho_liquidity) = self.pairs.get(&(pair.collateral.token, pair.debt.token))?;
        Some(LoopSnapshot {
            block: self.block,
            market: self.market.clone(),
            account: self.near.get(&account)?.clone(),
            pools: self.pools.clone(),
            morpho_liquidity: *morpho_liquidity,
            contracts: contracts.clone(),
        })
    }
}
