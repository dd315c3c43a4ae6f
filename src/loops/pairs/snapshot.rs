//! The market and every pool that a pair of it could be swapped in, read at one block.

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};

use super::super::snapshot::LoopSnapshot;
use crate::{
    aave::{Market, MarketQuery, QueryError, ReserveList},
    abi::IERC20::balanceOfCall,
    chain::{Batch, BlockRef, Reader},
    dex::{Exchanges, PoolId, Pools, Reach},
    onedelta::MORPHO_BLUE,
};

/// Everything that pairs are judged by.
#[derive(Debug, Clone)]
pub struct PairsSnapshot {
    /// The block.
    pub block: BlockRef,
    /// Aave.
    pub market: Market,
    /// Pools between the tokens of the pairs that were asked for.
    pub pools: Pools,
    /// What Morpho Blue holds of each token, and so can lend.
    pub morpho: BTreeMap<Address, U256>,
}

impl PairsSnapshot {
    /// Reads what concerns these pairs (collateral, debt) in two questions pinned to the block: where the pools stand, then
    /// their ticks with everything else.
    pub async fn read<R: Reader>(
        reader: &R,
        list: &ReserveList,
        pairs: &[(Address, Address)],
        block: BlockRef,
    ) -> Result<Self, QueryError> {
        let hubs = LoopSnapshot::hubs(list);
        let exchanges = Exchanges::default();
        let between = |(collateral, debt): &(Address, Address)| exchanges.pools_between(*collateral, *debt, &hubs);
        let mut ids: Vec<PoolId> = pairs.iter().flat_map(between).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut batch = Batch::new();
        let probes = exchanges.probe(&mut batch, ids);
        let found = reader.read(block, &batch).await?;

        let mut batch = Batch::new();
        let market = MarketQuery::add(list, &mut batch);
        let held: Vec<_> = list
            .listings
            .iter()
            .map(|listing| (listing.asset, batch.add(listing.asset, &balanceOfCall { owner: MORPHO_BLUE })))
            .collect();
        let (mut pools, mut queries) = (Pools::of(exchanges), Vec::new());
        for (key, probe) in probes {
            match probe.decode(&found) {
                Ok(hint) => queries.push(hint.ask(&mut batch, &Reach::default())),
                Err(absence) => pools.insert(key, Err(absence)),
            }
        }
        let answers = reader.read(block, &batch).await?;
        for query in queries {
            pools.insert(query.id(), query.decode(&answers)?);
        }
        let mut morpho = BTreeMap::new();
        for (asset, slot) in held {
            morpho.insert(asset, answers.get(slot)?);
        }
        Ok(Self { block, market: market.decode(&answers, block)?, pools, morpho })
    }
}
