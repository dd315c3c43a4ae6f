//! The pairs of near accounts: their pools and what lies in the contracts.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::Address;

use super::{
    AccountsReader,
    known_pairs::{KnownPairs, tokens_of},
};
use crate::{
    aave::{AccountState, Market, QueryError, ReserveList},
    chain::{Answers, Batch, BlockRef, Reader},
    dex::{Absence, PoolId, PoolQuery, Pools, Reach},
    loops::{LoopSnapshot, Pair, snapshot::ContractSlots},
};

#[derive(Debug, Default)]
pub(super) struct PairQueries {
    pools: Vec<Box<dyn PoolQuery>>,
    absent: Vec<PoolId>,
    contracts: Vec<(Pair, ContractSlots)>,
}

impl AccountsReader {
    /// Asks for everything that belongs to pairs whose pools' prices are known.
    pub(super) fn ask_pairs<'p>(&self, batch: &mut Batch, pairs: impl Iterator<Item = &'p Pair>) -> PairQueries {
        let mut queries = PairQueries::default();
        let mut asked = BTreeSet::new();
        for pair in pairs {
            queries.contracts.push((pair.clone(), ContractSlots::add(pair, &self.exchanges, batch)));
            for key in self.keys(pair) {
                match self.hints.get(&key) {
                    Some(Some(hint)) if asked.insert(key) => {
                        queries.pools.push(hint.ask(batch, &Reach::default()));
                    }
                    Some(None) => queries.absent.push(key),
                    _ => {}
                }
            }
        }
        queries
    }

    fn keys(&self, pair: &Pair) -> Vec<PoolId> {
        let hubs = LoopSnapshot::hubs(&self.list);
        self.exchanges.pools_between(pair.collateral.token, pair.debt.token, &hubs)
    }

    pub(super) fn take_pairs(
        &mut self,
        queries: PairQueries,
        answers: &Answers,
        pools: &mut Pools,
        known: &mut KnownPairs,
    ) -> Result<(), QueryError> {
        for query in queries.pools {
            let state = query.decode(answers)?;
            match &state {
                Ok(pool) => {
                    self.hints.insert(query.id(), Some(pool.hint()));
                }
                // Where the price is now has to be asked first.
                Err(_) => {
                    self.hints.remove(&query.id());
                }
            }
            pools.insert(query.id(), state);
        }
        for key in queries.absent {
            pools.insert(key, Err(Absence::NoContract));
        }
        for (pair, slots) in queries.contracts {
            let (contracts, morpho) = slots.decode(answers)?;
            known.insert((pair.collateral.token, pair.debt.token), (pair, contracts, morpho));
        }
        Ok(())
    }

    /// Pairs that were not known, and pools whose price left what was read of them.
    pub(super) async fn read_new_pairs<R: Reader>(
        &mut self,
        reader: &R,
        block: BlockRef,
        market: &Market,
        near: &BTreeMap<Address, AccountState>,
        (pools, known): (&mut Pools, &mut KnownPairs),
    ) -> Result<usize, QueryError> {
        let held: BTreeMap<_, _> = near
            .values()
            .flat_map(|account| pairs_of(&self.list, market, account))
            .map(|pair| ((pair.collateral.token, pair.debt.token), pair))
            .collect();
        let unprobed: Vec<PoolId> = held
            .values()
            .flat_map(|pair| self.keys(pair))
            .filter(|key| !self.hints.contains_key(key))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let missing: Vec<Pair> = held
            .iter()
            .filter(|(key, pair)| {
                !known.contains_key(key) || self.keys(pair).iter().any(|pool| unprobed.contains(pool))
            })
            .map(|(_, pair)| pair.clone())
            .collect();
        self.pairs = held;
        if missing.is_empty() {
            return Ok(0);
        }
        let mut batch = Batch::new();
        let probes = self.exchanges.probe(&mut batch, unprobed.iter().copied());
        let answers = reader.read(block, &batch).await?;
        for (key, probe) in probes {
            // A pool that is made later is found when the watch starts anew.
            self.hints.insert(key, probe.decode(&answers).ok());
        }
        let mut batch = Batch::new();
        let queries = self.ask_pairs(&mut batch, missing.iter());
        let answers = reader.read(block, &batch).await?;
        self.take_pairs(queries, &answers, pools, known)?;
        Ok(2)
    }
}

fn pairs_of(list: &ReserveList, market: &Market, account: &AccountState) -> Vec<Pair> {
    let held = tokens_of(market, account);
    held.into_iter().filter_map(|(collateral, debt)| Pair::of(list, market, collateral, debt)).collect()
}
