//! Whether a head has changed anything, asked in one small question.
//!
//! For most accounts nothing but time passes between two heads: indices grow as the rates say, and the health factor with
//! them. A glance asks for what would show anything else: Aave's prices of what near accounts hold, these accounts' figures by
//! the pool's own view and their ether, the price of the deepest pool of each pair, and the feeds' rounds; once a second all other
//! pools, and the accounts that are far. Where all is as it was, the last reading is carried forward to the head. Anything else, and every [`FULL_EVERY`], is read in full.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, U256};
use tokio::time::timeout;

use super::{AccountsReader, FEED_PATIENCE, Observation, baseline::Baseline};
use crate::{
    aave::{GlanceQuery, QueryError},
    chain::{Answers, Batch, BlockRef, ReadError, Reader, Slot, multicall3},
    dex::{PoolId, PriceProbe},
    loops::feeds::RoundQuery,
    units::Wad,
};

/// Parts per million of a pool's square-root price by which it may move before it is read again: five basis points of its
/// price.
const POOL_MOVES: u64 = 250;

/// Most accounts that a glance asks for their figures, some 200 000 gas and 200 bytes each; more are screened in full, which is
/// cheaper for many.
const MOST_ACCOUNTS: usize = 100;

/// Where the batch has what.
struct Asked {
    near: Vec<GlanceQuery>,
    rounds: Vec<RoundQuery>,
    pools: Vec<Box<dyn PriceProbe>>,
    ether: Vec<(U256, Slot<multicall3::IMulticall3::getEthBalanceCall>)>,
    far: Vec<GlanceQuery>,
}

impl AccountsReader {
    /// The last reading carried forward; `None` when the head has to be read in full.
    pub(super) async fn glance<R: Reader>(
        &mut self,
        reader: &R,
        block: BlockRef,
        accounts: &[Address],
        always: &BTreeSet<Address>,
    ) -> Result<Option<Observation>, QueryError> {
        let Some(base) = &self.last else { return Ok(None) };
        if !base.leads_to(block, accounts, always) {
            return Ok(None);
        }
        let mut next = base.observation.clone();
        let is_new_second = block.timestamp > next.block.timestamp;
        (next.block, next.market.block, next.is_carried, next.calls) = (block, block, true, 0);
        let asks_for = if is_new_second { next.near.len().saturating_add(next.far.len()) } else { self.close.len() };
        if asks_for > MOST_ACCOUNTS {
            return Ok(None);
        }
        let mut batch = Batch::new();
        let asked = self.questions(base, is_new_second, &mut batch);
        if !batch.is_empty() {
            next.calls = 1;
            // A feed that takes its time keeps nobody from being read: without an answer the head is read in full, which passes it over.
            let answers = match timeout(FEED_PATIENCE, reader.read_packed(block, &batch)).await {
                Ok(Ok(answers)) => answers,
                Ok(Err(error @ (ReadError::UnknownBlock(_) | ReadError::Stale(_) | ReadError::RateLimited(_)))) => {
                    return Err(error.into());
                }
                Ok(Err(_)) | Err(_) => return Ok(None),
            };
            let Some(far) = self.unchanged(&asked, &next, &answers) else { return Ok(None) };
            next.far.extend(far);
        }
        if let Some(base) = &mut self.last {
            base.observation = next.clone();
        }
        Ok(Some(next))
    }

    fn questions(&self, base: &Baseline, is_new_second: bool, batch: &mut Batch) -> Asked {
        let last = &base.observation;
        let deployment = &self.list.deployment;
        let mut priced = BTreeSet::new();
        let due = last.near.values().filter(|account| is_new_second || self.close.contains(&account.address));
        let near: Vec<_> =
            due.map(|account| GlanceQuery::add(deployment, &last.market, account, &mut priced, batch)).collect();
        let deepest: BTreeSet<PoolId> = if near.is_empty() { BTreeSet::new() } else { last.deepest_pools() };
        let pools = last.pools().found().filter(|pool| is_new_second || deepest.contains(&pool.id()));
        let pools = pools.map(|pool| pool.probe_price(batch)).collect();
        let ether = near.iter().filter_map(|query| last.near.get(&query.account())).map(|account| {
            let call = multicall3::IMulticall3::getEthBalanceCall { addr: account.address };
            (account.native, batch.add(multicall3::ADDRESS, &call))
        });
        let ether = ether.collect();
        let far = last.far.keys().filter(|_| is_new_second);
        let far = far.map(|account| GlanceQuery::figures(deployment, *account, batch)).collect();
        // A feed that burns the gas of its call must not take it from what comes before.
        let rounds = match near.is_empty() {
            true => Vec::new(),
            false => base.rounds.iter().map(|(feed, known)| RoundQuery::add(*feed, known.clone(), batch)).collect(),
        };
        Asked { near, rounds, pools, ether, far }
    }

    /// Health factors of the far accounts that were asked for, when all else is as it was. What does not answer is not: one price
    /// that cannot be read must not keep the head from being read.
    fn unchanged(&self, asked: &Asked, next: &Observation, answers: &Answers) -> Option<BTreeMap<Address, Wad>> {
        for query in &asked.near {
            let account = next.near.get(&query.account())?;
            if !query.is_same(&next.market, account, answers) {
                return None;
            }
        }
        let all_still = asked.pools.iter().all(|pool| pool.is_still(answers, POOL_MOVES).unwrap_or(false));
        if !all_still || !asked.rounds.iter().all(|round| round.is_same(answers)) {
            return None;
        }
        if !asked.ether.iter().all(|(known, slot)| answers.find(*slot).is_some_and(|found| found == *known)) {
            return None;
        }
        let mut far = BTreeMap::new();
        for query in &asked.far {
            let health_factor = query.health_factor(answers).filter(|health_factor| *health_factor > self.near)?;
            far.insert(query.account(), health_factor);
        }
        Some(far)
    }
}
