//! The one list of exchanges. Whoever writes an adapter adds it here; nobody else names one.

use std::sync::Arc;

use alloy::primitives::Address;

use super::{
    PoolId, RouterCall, RouterCallError,
    protocol::{Exchange, PoolProbe},
    uniswap_v3::UniswapV3,
};
use crate::chain::Batch;

/// The exchanges that routes may use.
#[derive(Debug, Clone)]
pub struct Exchanges(Arc<[Arc<dyn Exchange>]>);

impl Exchanges {
    /// These, and no others.
    #[must_use]
    pub fn of(exchanges: impl IntoIterator<Item = Arc<dyn Exchange>>) -> Self {
        Self(exchanges.into_iter().collect())
    }

    /// Each in turn.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Exchange>> {
        self.0.iter()
    }

    /// The exchange of a pool.
    #[must_use]
    pub fn of_pool(&self, pool: &PoolId) -> Option<&Arc<dyn Exchange>> {
        self.iter().find(|exchange| exchange.name() == pool.exchange())
    }

    /// The exchange with this router.
    #[must_use]
    pub fn with_router(&self, router: Address) -> Option<&Arc<dyn Exchange>> {
        self.iter().find(|exchange| exchange.router() == router)
    }

    /// Reads calldata of a swap by the exchange whose router would understand it.
    pub fn read(&self, data: &[u8]) -> Result<(&Arc<dyn Exchange>, RouterCall), RouterCallError> {
        let mut why = RouterCallError::NotASwap;
        for exchange in self.iter() {
            match exchange.read(data) {
                Ok(call) => return Ok((exchange, call)),
                Err(RouterCallError::NotASwap) => {}
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    /// The contract of a pool; `None` where it has none of its own.
    #[must_use]
    pub fn address(&self, pool: &PoolId) -> Option<Address> {
        self.of_pool(pool).and_then(|exchange| exchange.address(pool))
    }

    /// Every pool that a direct swap or one through a hub could use, without duplicates.
    #[must_use]
    pub fn pools_between(&self, token_in: Address, token_out: Address, hubs: &[Address]) -> Vec<PoolId> {
        let legs = hubs.iter().flat_map(|hub| [(token_in, *hub), (*hub, token_out)]);
        let pairs: Vec<_> = std::iter::once((token_in, token_out)).chain(legs).filter(|(a, b)| a != b).collect();
        let between = |exchange: &Arc<dyn Exchange>| {
            pairs.iter().flat_map(|(a, b)| exchange.pools_between(*a, *b)).collect::<Vec<_>>()
        };
        let mut pools: Vec<_> = self.iter().flat_map(between).collect();
        pools.sort_unstable();
        pools.dedup();
        pools
    }

    /// Asks where the prices of pools stand; a pool of an exchange that is not among these is left out.
    pub fn probe(
        &self,
        batch: &mut Batch,
        pools: impl IntoIterator<Item = PoolId>,
    ) -> Vec<(PoolId, Box<dyn PoolProbe>)> {
        let probe = |pool: PoolId| self.of_pool(&pool).map(|exchange| (pool, exchange.probe(batch, &pool)));
        pools.into_iter().filter_map(probe).collect()
    }
}

impl Default for Exchanges {
    /// All that have an adapter, at their addresses on Base.
    fn default() -> Self {
        Self::of([Arc::new(UniswapV3::BASE) as Arc<dyn Exchange>])
    }
}
