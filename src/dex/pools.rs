//! The pools of a snapshot: those that can be swapped in, and why the others cannot.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use alloy::primitives::Address;

use super::{PoolId, absence::Absence, exchanges::Exchanges, protocol::Pool};

/// The pools of one snapshot, and the exchanges they belong to.
#[derive(Debug, Clone, Default)]
pub struct Pools {
    exchanges: Exchanges,
    pools: BTreeMap<PoolId, Result<Arc<dyn Pool>, Absence>>,
}

impl Pools {
    /// No pools yet of these exchanges.
    #[must_use]
    pub const fn of(exchanges: Exchanges) -> Self {
        Self { exchanges, pools: BTreeMap::new() }
    }

    /// The exchanges whose pools may be among them.
    #[must_use]
    pub const fn exchanges(&self) -> &Exchanges {
        &self.exchanges
    }

    /// Adds or replaces a pool.
    pub fn insert(&mut self, id: impl Into<PoolId>, state: Result<Arc<dyn Pool>, Absence>) {
        self.pools.insert(id.into(), state);
    }

    /// The state of a pool, or why there is none.
    pub fn get(&self, id: impl Into<PoolId>) -> Result<&Arc<dyn Pool>, Absence> {
        match self.pools.get(&id.into()) {
            Some(state) => state.as_ref().map_err(|absence| *absence),
            None => Err(Absence::NotRead),
        }
    }

    /// The pools that can be swapped in.
    pub fn found(&self) -> impl Iterator<Item = &Arc<dyn Pool>> {
        self.pools.values().filter_map(|state| state.as_ref().ok())
    }

    /// The pools that cannot, with the reason.
    pub fn absent(&self) -> impl Iterator<Item = (&PoolId, Absence)> {
        self.pools.iter().filter_map(|(id, state)| state.as_ref().err().map(|absence| (id, *absence)))
    }

    /// The pool at an address.
    #[must_use]
    pub fn at(&self, address: Address) -> Option<&Arc<dyn Pool>> {
        self.found().find(|pool| pool.address() == Some(address))
    }

    /// Of the pools between two tokens the deepest.
    #[must_use]
    pub fn deepest_between(&self, a: Address, b: Address) -> Option<&Arc<dyn Pool>> {
        self.found().filter(|pool| pool.id().other(a) == Some(b)).max_by_key(|pool| (pool.depth(), Reverse(pool.id())))
    }
}

impl PartialEq for Pools {
    fn eq(&self, other: &Self) -> bool {
        self.pools.len() == other.pools.len()
            && self.pools.iter().zip(&other.pools).all(|((id, state), (other_id, other))| {
                id == other_id
                    && match (state, other) {
                        (Ok(state), Ok(other)) => state.is_equal(other.as_ref()),
                        (Err(why), Err(other)) => why == other,
                        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
                    }
            })
    }
}

impl<I: Into<PoolId>, P: Into<Arc<dyn Pool>>> FromIterator<(I, Result<P, Absence>)> for Pools {
    fn from_iter<T: IntoIterator<Item = (I, Result<P, Absence>)>>(pools: T) -> Self {
        let pools = pools.into_iter().map(|(id, state)| (id.into(), state.map(Into::into))).collect();
        Self { pools, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dex::{HUBS, PoolKey, USDC, WETH};

    #[test]
    fn a_pair_of_hubs_needs_its_own_four_pools_only() {
        let exchanges = Exchanges::default();
        assert_eq!(exchanges.pools_between(WETH, USDC, &HUBS).len(), 4);
        assert_eq!(exchanges.pools_between(Address::repeat_byte(1), USDC, &HUBS).len(), 12);
        assert_eq!(exchanges.pools_between(Address::repeat_byte(1), Address::repeat_byte(2), &HUBS).len(), 20);
    }

    #[test]
    fn a_pool_that_was_not_read_says_so() {
        let key = PoolId::from(PoolKey::new(WETH, USDC, 500).expect("key"));
        let mut pools = Pools::default();
        assert_eq!(pools.get(key).err(), Some(Absence::NotRead));
        pools.insert(key, Err(Absence::NoContract));
        assert_eq!(pools.get(key).err(), Some(Absence::NoContract));
        assert_eq!(pools.absent().collect::<Vec<_>>(), [(&key, Absence::NoContract)]);
    }
}
