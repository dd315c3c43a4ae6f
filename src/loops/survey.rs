//! Many accounts at one block: what a watch reads at every head, in as few calls as fit.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use alloy::primitives::{Address, U256};
use tokio::time::timeout;

use super::{
    Contracts, FeedBook, FeedReading, LoopSnapshot, Pair, account::AccountModel, feeds::FeedQuery,
    snapshot::ContractSlots,
};
use crate::{
    aave::{
        AccountQuery, AccountState, Market, MarketQuery, Projection, QueryError, ReserveList, ScreenQuery,
        UserConfiguration,
    },
    chain::{Answers, Batch, BlockRef, ReadError, Reader},
    config::ThresholdsConfig,
    dex::{self, Absence, PoolKey, PoolQuery, Pools, Reach, TickHint, TickProbe, keys_between},
    onedelta::COMPOSER,
    units::{UsdE8, Wad},
};

/// Most calls in one multicall: an endpoint's gas limit for a read is 30 million or more, a balance costs about 6 000.
const CALLS_PER_BATCH: usize = 1_500;

/// How long an answer is waited for in which feeds are asked too: less than half of what makes a head stale.
const FEED_PATIENCE: Duration = Duration::from_millis(800);

/// Pairs by their two tokens, with what lies in the contracts and what Morpho Blue can lend.
type KnownPairs = BTreeMap<(Address, Address), (Pair, Contracts, U256)>;

/// Reads accounts head after head and remembers what makes the next reading one call: which balances count, which pairs
/// there are, where their pools' prices stand.
#[derive(Debug, Clone)]
pub struct Survey {
    list: ReserveList,
    near: Wad,
    market: Option<Market>,
    configurations: BTreeMap<Address, UserConfiguration>,
    /// Accounts that were near at the last head; these are read in full at once.
    close: BTreeSet<Address>,
    pairs: BTreeMap<(Address, Address), Pair>,
    hints: BTreeMap<PoolKey, Option<TickHint>>,
    feeds: FeedBook,
}

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
    pools: Pools,
    pairs: KnownPairs,
}

impl Survey {
    /// A survey in which an account is near at a health factor of `near` or less.
    #[must_use]
    pub fn new(list: ReserveList, near: Wad) -> Self {
        Self {
            list,
            near,
            market: None,
            configurations: BTreeMap::new(),
            close: BTreeSet::new(),
            pairs: BTreeMap::new(),
            hints: BTreeMap::new(),
            feeds: FeedBook::default(),
        }
    }

    /// Asks these feeds too.
    #[must_use]
    pub fn with_feeds(self, feeds: FeedBook) -> Self {
        Self { feeds, ..self }
    }

    /// Aave's reserves, as the survey knows them.
    #[must_use]
    pub const fn list(&self) -> &ReserveList {
        &self.list
    }

    /// Accounts that were near at the last head.
    #[must_use]
    pub const fn close(&self) -> &BTreeSet<Address> {
        &self.close
    }

    /// Reads the accounts at a block. `always` are read in full however healthy they are.
    pub async fn read<R: Reader>(
        &mut self,
        reader: &R,
        block: BlockRef,
        accounts: &[Address],
        always: &BTreeSet<Address>,
    ) -> Result<Observation, QueryError> {
        let mut calls = self.feeds.learn(reader, block).await;
        let mut sheets = vec![Sheet::default()];
        let market = MarketQuery::add(&self.list, &mut sheets[0].batch);
        let pairs = self.ask_pairs(&mut sheets[0].batch, self.pairs.values());
        for account in accounts {
            let is_full = always.contains(account) || self.close.contains(account);
            if sheets.last().is_none_or(|sheet| sheet.batch.len() >= CALLS_PER_BATCH) {
                sheets.push(Sheet::default());
            }
            if let Some(sheet) = sheets.last_mut() {
                self.ask(*account, is_full, sheet);
            }
        }
        let without_feeds = sheets[0].batch.len();
        let feeds = FeedQuery::add(&self.feeds, &mut sheets[0].batch);
        let mut answers = Vec::with_capacity(sheets.len());
        let mut with_feeds = true;
        for sheet in &mut sheets {
            calls += 1;
            let is_first = answers.is_empty() && sheet.batch.len() > without_feeds;
            let read = match is_first {
                // A feed that takes its time would make the head stale by our own reading.
                true => timeout(FEED_PATIENCE, reader.read(block, &sheet.batch)).await.unwrap_or_else(|_| {
                    Err(ReadError::Unavailable("no answer in time with the feeds in the question".to_owned()))
                }),
                false => reader.read(block, &sheet.batch).await,
            };
            answers.push(match read {
                // No feed may keep accounts and market from being read.
                Err(error) if is_first && may_be_a_feeds_fault(&error) => {
                    tracing::debug!(%error, "reading again without feeds");
                    with_feeds = false;
                    calls += 1;
                    sheet.batch.truncate(without_feeds);
                    reader.read(block, &sheet.batch).await?
                }
                read => read?,
            });
        }
        let first = answers.first().ok_or(QueryError::Read(ReadError::Unavailable("no answer".into())))?;
        let market = market.decode(first, block)?;
        let (hearing, asked) = self.feeds.hear(reader, block, &feeds, with_feeds.then_some(first)).await;
        calls += asked;
        let (feeds, feed_readings) = self.feeds.read(&hearing, &market);
        let mut pools = Pools::default();
        let mut known = KnownPairs::new();
        self.take_pairs(pairs, first, &mut pools, &mut known)?;

        let mut near = BTreeMap::new();
        let mut far = BTreeMap::new();
        let mut again = Vec::new();
        for (sheet, answers) in sheets.iter().zip(&answers) {
            for query in &sheet.full {
                let account = query.decode(answers)?;
                near.insert(account.address, account);
            }
            for (address, query) in &sheet.screens {
                match query.decode(answers)? {
                    Some(account) => {
                        self.configurations.insert(*address, account.configuration);
                        // A price that is missing is for the account's own rules to judge.
                        let health_factor = account.at(&market, block.timestamp).map(|data| data.health_factor).ok();
                        match health_factor.filter(|health_factor| *health_factor > self.near) {
                            Some(health_factor) => {
                                far.insert(*address, health_factor);
                            }
                            None => again.push(*address),
                        }
                    }
                    None => again.push(*address),
                }
            }
        }
        for chunk in again.chunks(CALLS_PER_BATCH / (10 * self.list.listings.len().max(1))) {
            let mut batch = Batch::new();
            let queries: Vec<_> = chunk.iter().map(|account| self.full(*account, &mut batch)).collect();
            let answers = reader.read(block, &batch).await?;
            calls += 1;
            for query in queries {
                let account = query.decode(&answers)?;
                near.insert(account.address, account);
            }
        }
        self.close = near
            .iter()
            .filter(|(_, account)| {
                account.at(&market, block.timestamp).is_ok_and(|data| data.health_factor <= self.near)
            })
            .map(|(address, _)| *address)
            .collect();
        self.configurations.extend(near.iter().map(|(address, account)| (*address, account.configuration)));
        calls += self.read_new_pairs(reader, block, &market, &near, (&mut pools, &mut known)).await?;
        self.market = Some(market.clone());
        Ok(Observation { block, market, near, far, feeds, feed_readings, calls, pools, pairs: known })
    }

    fn full(&self, account: Address, batch: &mut Batch) -> AccountQuery {
        AccountQuery::add(&self.list, account, Some(COMPOSER), batch)
    }

    fn ask(&self, account: Address, is_full: bool, sheet: &mut Sheet) {
        if is_full {
            let query = self.full(account, &mut sheet.batch);
            sheet.full.push(query);
            return;
        }
        let known = self.configurations.get(&account).copied();
        let query = ScreenQuery::add(&self.list, self.market.as_ref(), account, known, &mut sheet.batch);
        sheet.screens.push((account, query));
    }

    /// Asks for everything that belongs to pairs whose pools' prices are known.
    fn ask_pairs<'p>(&self, batch: &mut Batch, pairs: impl Iterator<Item = &'p Pair>) -> PairQueries {
        let deployment = dex::Deployment::BASE;
        let mut queries = PairQueries::default();
        let mut asked = BTreeSet::new();
        for pair in pairs {
            queries.contracts.push((pair.clone(), ContractSlots::add(pair, batch)));
            for key in self.keys(pair) {
                match self.hints.get(&key) {
                    Some(Some(hint)) if asked.insert(key) => {
                        queries.pools.push(PoolQuery::add(batch, key, *hint, &Reach::default(), &deployment));
                    }
                    Some(None) => queries.absent.push(key),
                    _ => {}
                }
            }
        }
        queries
    }

    fn keys(&self, pair: &Pair) -> Vec<PoolKey> {
        keys_between(pair.collateral.token, pair.debt.token, &LoopSnapshot::hubs(&self.list))
    }

    fn take_pairs(
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
                    self.hints.insert(query.key(), Some(TickHint::from(pool)));
                }
                // Where the price is now has to be asked first.
                Err(_) => {
                    self.hints.remove(&query.key());
                }
            }
            pools.insert(query.key(), state);
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
    async fn read_new_pairs<R: Reader>(
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
        let unprobed: Vec<PoolKey> = held
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
        let deployment = dex::Deployment::BASE;
        let probes: Vec<_> = unprobed.iter().map(|key| (*key, TickProbe::add(&mut batch, key, &deployment))).collect();
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
            contracts: *contracts,
        })
    }
}

/// Whether a call can have failed for what feeds were asked in it.
const fn may_be_a_feeds_fault(error: &ReadError) -> bool {
    !matches!(error, ReadError::UnknownBlock(_) | ReadError::Stale(_) | ReadError::RateLimited(_))
}

/// One multicall of accounts.
#[derive(Debug, Default)]
struct Sheet {
    batch: Batch,
    full: Vec<AccountQuery>,
    screens: Vec<(Address, ScreenQuery)>,
}

#[derive(Debug, Default)]
struct PairQueries {
    pools: Vec<PoolQuery>,
    absent: Vec<PoolKey>,
    contracts: Vec<(Pair, ContractSlots)>,
}

fn pairs_of(list: &ReserveList, market: &Market, account: &AccountState) -> Vec<Pair> {
    let held = tokens_of(market, account);
    held.into_iter().filter_map(|(collateral, debt)| Pair::of(list, market, collateral, debt)).collect()
}

/// Every supply with every debt, as far as they matter: what strangers supply on somebody's behalf is not read at every
/// head. An account whose figures cannot be computed has none; its own rules tell of that.
fn tokens_of(market: &Market, account: &AccountState) -> Vec<(Address, Address)> {
    let now = Projection::new(market.clone(), account.clone(), market.block.timestamp);
    let Ok(model) = AccountModel::new(&now, &[], &ThresholdsConfig::default()) else { return Vec::new() };
    let debts: Vec<Address> = model.owed().map(|debt| debt.asset).collect();
    let supplies = model.supplies.iter().filter(|supply| !supply.is_dust);
    supplies.flat_map(|supply| debts.iter().map(|debt| (supply.asset, *debt)).collect::<Vec<_>>()).collect()
}
