//! Many accounts at one block: what a watch reads at every head, in as few calls as fit.

mod baseline;
mod glance;
mod known_pairs;
mod observation;
mod pairs;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use alloy::primitives::Address;
use tokio::time::timeout;

use baseline::Baseline;
use known_pairs::KnownPairs;

use super::{FeedBook, Pair, feeds::FeedQuery};
use crate::{
    aave::{AccountQuery, Market, MarketQuery, QueryError, ReserveList, ScreenQuery, UserConfiguration},
    chain::{Batch, BlockRef, ReadError, Reader},
    dex::{Exchanges, PoolHint, PoolId, Pools},
    onedelta::COMPOSER,
    units::Wad,
};

pub use observation::{Observation, PairReading};

/// Most calls in one multicall: an endpoint's gas limit for a read is 30 million or more, a balance costs about 6 000.
const CALLS_PER_BATCH: usize = 1_500;

/// How long an answer is waited for in which feeds are asked too: less than half of what makes a head stale.
const FEED_PATIENCE: Duration = Duration::from_millis(800);

/// Reads accounts head after head and remembers what makes the next reading one call: which balances count, which pairs
/// there are, where their pools' prices stand.
#[derive(Debug, Clone)]
pub struct AccountsReader {
    list: ReserveList,
    near: Wad,
    market: Option<Market>,
    configurations: BTreeMap<Address, UserConfiguration>,
    /// Accounts that were near at the last head; these are read in full at once.
    close: BTreeSet<Address>,
    pairs: BTreeMap<(Address, Address), Pair>,
    exchanges: Exchanges,
    hints: BTreeMap<PoolId, Option<Arc<dyn PoolHint>>>,
    feeds: FeedBook,
    /// What the last head showed, to hold the next one against.
    last: Option<Baseline>,
}

impl AccountsReader {
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
            exchanges: Exchanges::default(),
            hints: BTreeMap::new(),
            feeds: FeedBook::default(),
            last: None,
        }
    }

    /// With routes over these exchanges only.
    #[must_use]
    pub fn with_exchanges(self, exchanges: Exchanges) -> Self {
        Self { exchanges, ..self }
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

    /// The accounts at the next head: where `calm` says that nothing is near enough to be acted upon, a small question first
    /// whether the head has changed anything.
    pub async fn look<R: Reader>(
        &mut self,
        reader: &R,
        block: BlockRef,
        accounts: &[Address],
        always: &BTreeSet<Address>,
        calm: bool,
    ) -> Result<Observation, QueryError> {
        if calm && let Some(carried) = self.glance(reader, block, accounts, always).await? {
            return Ok(carried);
        }
        self.read(reader, block, accounts, always).await
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
        let rounds = hearing.answers();
        let mut pools = Pools::of(self.exchanges.clone());
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
        let is_carried = false;
        let observation =
            Observation { block, market, near, far, feeds, feed_readings, calls, is_carried, pools, pairs: known };
        self.last = Some(Baseline::new(observation.clone(), rounds, accounts, always));
        Ok(observation)
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
