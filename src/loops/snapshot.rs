//! Everything a plan is made from, read at one block.

use std::{collections::BTreeSet, sync::Arc};

use alloy::primitives::{Address, U256};

use super::Pair;
use crate::abi::IERC20::{allowanceCall, balanceOfCall};
use crate::{
    aave::{AccountQuery, AccountState, Market, MarketQuery, QueryError, ReserveList},
    chain::{Answers, Batch, BlockRef, ReadError, Reader, Slot},
    dex::{Absence, Exchanges, PoolHint, PoolId, Pools, Reach},
    onedelta::{CALL_FORWARDER as FORWARDER, COMPOSER, MORPHO_BLUE},
    units::Secs,
};

/// State of market, account and pools at one block.
#[derive(Debug, Clone)]
pub struct LoopSnapshot {
    /// The block.
    pub block: BlockRef,
    /// Aave.
    pub market: Market,
    /// The account.
    pub account: AccountState,
    /// Pools between the pair's tokens, with the exchanges they belong to.
    pub pools: Pools,
    /// Debt asset that Morpho Blue holds and so can lend.
    pub morpho_liquidity: U256,
    /// What the composer and the forwarder hold or have approved.
    pub contracts: Contracts,
}

/// Balances and approvals of the composer and the forwarder, for the pair's two tokens (collateral, debt).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contracts {
    /// Tokens left in the composer by somebody.
    pub composer: [U256; 2],
    /// Tokens left in the forwarder by somebody.
    pub forwarder: [U256; 2],
    /// Whether the composer has approved the Aave pool.
    pub pool_approved: [bool; 2],
    /// Exchanges' routers that the forwarder has approved.
    pub routers_approved: [BTreeSet<Address>; 2],
    /// Whether the composer has approved Morpho Blue for the debt asset.
    pub morpho_approved: bool,
}

/// Tokens that lie in the middle of routes where a pair has no direct pool.
fn hubs(list: &ReserveList) -> Vec<Address> {
    ["WETH", "USDC"].iter().filter_map(|s| list.listings.iter().find(|l| l.symbol == *s)).map(|l| l.asset).collect()
}

impl LoopSnapshot {
    /// Reads a snapshot at the newest block: the prices' neighbourhood first, then everything in one multicall.
    pub async fn read<R: Reader>(
        reader: &R,
        list: &ReserveList,
        pair: &Pair,
        account: Address,
    ) -> Result<Self, QueryError> {
        Box::pin(Self::read_on(reader, &Exchanges::default(), list, pair, account)).await
    }

    /// The same for routes over these exchanges only.
    pub async fn read_on<R: Reader>(
        reader: &R,
        exchanges: &Exchanges,
        list: &ReserveList,
        pair: &Pair,
        account: Address,
    ) -> Result<Self, QueryError> {
        let block = reader.head().await?;
        let hints = Box::pin(Hints::read(reader, exchanges, list, pair, block)).await?;
        Box::pin(Self::with_hints(reader, list, pair, account, (block, hints))).await
    }

    /// The same for whoever has read an earlier block a moment ago: where the pools stood there is asked beside the newest
    /// block.
    pub async fn read_after<R: Reader>(
        reader: &R,
        list: &ReserveList,
        pair: &Pair,
        account: Address,
        earlier: BlockRef,
    ) -> Result<Self, QueryError> {
        let exchanges = Exchanges::default();
        let (block, hints) =
            tokio::join!(reader.head(), Box::pin(Hints::read(reader, &exchanges, list, pair, earlier)));
        let block = block?;
        let hints = match hints {
            Ok(hints) => hints,
            // It is no block of the chain any more, or nobody tells.
            Err(_) => Box::pin(Hints::read(reader, &exchanges, list, pair, block)).await?,
        };
        Box::pin(Self::with_hints(reader, list, pair, account, (block, hints))).await
    }

    async fn with_hints<R: Reader>(
        reader: &R,
        list: &ReserveList,
        pair: &Pair,
        account: Address,
        (block, Hints { exchanges, hints }): (BlockRef, Hints),
    ) -> Result<Self, QueryError> {
        let contracts = Exchanges::clone(&exchanges);
        let mut pools = Pools::of(exchanges);
        let mut batch = Batch::new();
        let market = MarketQuery::add(list, &mut batch);
        let holder = AccountQuery::add(list, account, Some(COMPOSER), &mut batch);
        let contracts = ContractSlots::add(pair, &contracts, &mut batch);
        let mut queries = Vec::new();
        for (pool, hint) in hints {
            match hint {
                Ok(hint) => queries.push(hint.ask(&mut batch, &Reach::default())),
                Err(absence) => pools.insert(pool, Err(absence)),
            }
        }
        let answers = reader.read(block, &batch).await?;
        for query in queries {
            pools.insert(query.id(), query.decode(&answers)?);
        }
        let (contracts, morpho_liquidity) = contracts.decode(&answers)?;
        let mut account = holder.decode(&answers)?;
        if !account.code.is_none() {
            // Where it cannot be said, the simulation shows it.
            account.refuses_ether = !reader.takes_ether(block, account.address).await.unwrap_or(true);
        }
        Ok(Self { block, market: market.decode(&answers, block)?, account, pools, morpho_liquidity, contracts })
    }

    /// Timestamp of the block after this one, for which plans predict.
    #[must_use]
    pub fn inclusion(&self) -> Secs {
        self.block.next_timestamp()
    }

    /// Pools that could be used, for explanations.
    #[must_use]
    pub fn hubs(list: &ReserveList) -> Vec<Address> {
        hubs(list)
    }
}

/// Where a pool stood, or why it cannot be used.
type Hint = Result<Arc<dyn PoolHint>, Absence>;

/// Where the pools between a pair's tokens stood at a block.
struct Hints {
    exchanges: Exchanges,
    hints: Vec<(PoolId, Hint)>,
}

impl Hints {
    async fn read<R: Reader>(
        reader: &R,
        exchanges: &Exchanges,
        list: &ReserveList,
        pair: &Pair,
        block: BlockRef,
    ) -> Result<Self, ReadError> {
        let mut batch = Batch::new();
        let pools = exchanges.pools_between(pair.collateral.token, pair.debt.token, &hubs(list));
        let probes = exchanges.probe(&mut batch, pools);
        let answers = reader.read(block, &batch).await?;
        let hints = probes.into_iter().map(|(pool, probe)| (pool, probe.decode(&answers))).collect();
        Ok(Self { exchanges: exchanges.clone(), hints })
    }
}

#[derive(Debug)]
pub(super) struct ContractSlots {
    morpho: Slot<balanceOfCall>,
    tokens: [TokenSlots; 2],
}

#[derive(Debug)]
struct TokenSlots {
    composer: Slot<balanceOfCall>,
    forwarder: Slot<balanceOfCall>,
    pool: Slot<allowanceCall>,
    routers: Vec<(Address, Slot<allowanceCall>)>,
    morpho: Slot<allowanceCall>,
}

impl ContractSlots {
    pub(super) fn add(pair: &Pair, exchanges: &Exchanges, batch: &mut Batch) -> Self {
        let morpho = batch.add(pair.debt.token, &balanceOfCall { owner: MORPHO_BLUE });
        let pool = crate::aave::Deployment::BASE.pool;
        let tokens = [pair.collateral.token, pair.debt.token].map(|token| TokenSlots {
            composer: batch.add(token, &balanceOfCall { owner: COMPOSER }),
            forwarder: batch.add(token, &balanceOfCall { owner: FORWARDER }),
            pool: batch.add(token, &allowanceCall { owner: COMPOSER, spender: pool }),
            routers: exchanges
                .iter()
                .map(|exchange| exchange.router())
                .map(|router| (router, batch.add(token, &allowanceCall { owner: FORWARDER, spender: router })))
                .collect(),
            morpho: batch.add(token, &allowanceCall { owner: COMPOSER, spender: MORPHO_BLUE }),
        });
        Self { morpho, tokens }
    }

    pub(super) fn decode(&self, answers: &Answers) -> Result<(Contracts, U256), ReadError> {
        // The contracts approve the maximum once; anything that large lasts for ever.
        let lasting = |slot| Ok::<_, ReadError>(answers.get(slot)? >> 200 != U256::ZERO);
        let mut contracts = Contracts::default();
        for (index, token) in self.tokens.iter().enumerate() {
            contracts.composer[index] = answers.get(token.composer)?;
            contracts.forwarder[index] = answers.get(token.forwarder)?;
            contracts.pool_approved[index] = lasting(token.pool)?;
            for (router, slot) in &token.routers {
                if lasting(*slot)? {
                    contracts.routers_approved[index].insert(*router);
                }
            }
        }
        contracts.morpho_approved = lasting(self.tokens[1].morpho)?;
        Ok((contracts, answers.get(self.morpho)?))
    }
}
