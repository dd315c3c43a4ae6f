//! The pools of a snapshot: those that can be swapped in, and why the others cannot.

use std::collections::BTreeMap;

use alloy::primitives::Address;
use serde::{Deserialize, Serialize};

use super::{
    key::{FEE_TIERS, PoolKey},
    pool::PoolState,
};

/// Why a pool cannot be swapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Absence {
    /// Nobody made the pool: there is no contract at its address.
    #[error("the pool does not exist")]
    NoContract,
    /// The pool was made but never given a price.
    #[error("the pool has no price yet")]
    Uninitialised,
    /// No liquidity at the price and no tick near it.
    #[error("the pool has no liquidity near its price")]
    NoLiquidity,
    /// The price left the words that were read, between two reads.
    #[error("the pool's price moved away from the ticks that were read")]
    PriceMoved,
    /// The snapshot does not hold the pool.
    #[error("the pool was not read")]
    NotRead,
}

/// The pools of one snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pools {
    pools: BTreeMap<PoolKey, Result<PoolState, Absence>>,
}

impl Pools {
    /// Adds or replaces a pool.
    pub fn insert(&mut self, key: PoolKey, state: Result<PoolState, Absence>) {
        self.pools.insert(key, state);
    }

    /// The state of a pool, or why there is none.
    pub fn get(&self, key: &PoolKey) -> Result<&PoolState, Absence> {
        match self.pools.get(key) {
            Some(state) => state.as_ref().map_err(|absence| *absence),
            None => Err(Absence::NotRead),
        }
    }

    /// The pools that can be swapped in.
    pub fn found(&self) -> impl Iterator<Item = &PoolState> {
        self.pools.values().filter_map(|state| state.as_ref().ok())
    }

    /// The pools that cannot, with the reason.
    pub fn absent(&self) -> impl Iterator<Item = (&PoolKey, Absence)> {
        self.pools.iter().filter_map(|(key, state)| state.as_ref().err().map(|absence| (key, *absence)))
    }

    /// The pool at an address.
    #[must_use]
    pub fn at(&self, address: Address) -> Option<&PoolState> {
        self.found().find(|pool| pool.address == address)
    }
}

impl FromIterator<(PoolKey, Result<PoolState, Absence>)> for Pools {
    fn from_iter<I: IntoIterator<Item = (PoolKey, Result<PoolState, Absence>)>>(pools: I) -> Self {
        Self { pools: pools.into_iter().collect() }
    }
}

/// Every pool that a direct swap or one through a hub could use, in all fee tiers, without duplicates.
#[must_use]
pub fn keys_between(token_in: Address, token_out: Address, hubs: &[Address]) -> Vec<PoolKey> {
    let legs = hubs.iter().flat_map(|hub| [(token_in, *hub), (*hub, token_out)]);
    let mut keys: Vec<_> = std::iter::once((token_in, token_out))
        .chain(legs)
        .flat_map(|(a, b)| FEE_TIERS.into_iter().filter_map(move |fee| PoolKey::new(a, b, fee).ok()))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dex::{HUBS, USDC, WETH};

    #[test]
    fn a_pair_of_hubs_needs_its_own_four_pools_only() {
        let keys = keys_between(WETH, USDC, &HUBS);
        assert_eq!(keys.len(), 4);
        assert_eq!(keys_between(Address::repeat_byte(1), USDC, &HUBS).len(), 12);
        assert_eq!(keys_between(Address::repeat_byte(1), Address::repeat_byte(2), &HUBS).len(), 20);
    }

    #[test]
    fn a_pool_that_was_not_read_says_so() {
        let key = PoolKey::new(WETH, USDC, 500).expect("key");
        let mut pools = Pools::default();
        assert_eq!(pools.get(&key), Err(Absence::NotRead));
        pools.insert(key, Err(Absence::NoContract));
        assert_eq!(pools.get(&key), Err(Absence::NoContract));
        assert_eq!(pools.absent().collect::<Vec<_>>(), [(&key, Absence::NoContract)]);
    }
}
