//! Aave, the account and its twin as the chain has them.

use std::collections::BTreeSet;

use alloy::primitives::Address;
use rust_decimal::Decimal;

use super::FeedMode;
use crate::{
    aave::{AccountQuery, AccountState, Market, MarketQuery, ReserveList},
    chain::{Batch, BlockRef, Endpoints, Reader},
    dex::Pools,
    localchain::Course,
    loops::{AccountsReader, FeedBook},
    scenarios::{
        StoryError,
        paths::{Scene, Step},
    },
    units::to_decimal,
};

/// How the two stand at one block.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) market: Market,
    pub(super) account: AccountState,
    pub(super) twin: AccountState,
}

/// Who reads.
#[derive(Debug)]
pub(super) struct Readings {
    pub(super) endpoints: Endpoints,
    pub(super) list: ReserveList,
    pub(super) feeds: FeedBook,
    pub(super) foresight: FeedMode,
    /// The account, and its twin.
    pub(super) accounts: [Address; 2],
}

impl Readings {
    /// At a block.
    pub(super) async fn at(&self, block: BlockRef) -> Result<Reading, StoryError> {
        let mut batch = Batch::new();
        let queries = self.ask(&mut batch);
        let answers = self.endpoints.read(block, &batch).await?;
        Ok(queries.decode(&answers, block)?)
    }

    /// In the block that is being made, with what is in the pool by now.
    pub(super) async fn ahead(&self, course: &Course, block: BlockRef) -> Result<Reading, StoryError> {
        let mut batch = Batch::new();
        let queries = self.ask(&mut batch);
        Ok(queries.decode(&course.ahead(&batch).await?, block)?)
    }

    /// The pools that the account's pairs trade in, at a block.
    pub(super) async fn pools(&self, block: BlockRef) -> Result<Pools, StoryError> {
        let [account, _] = self.accounts;
        let mut survey = AccountsReader::new(self.list.clone(), crate::units::Wad(alloy::primitives::U256::MAX))
            .with_feeds(self.feeds.clone());
        let read = survey.read(&self.endpoints, block, &[account], &BTreeSet::from([account])).await?;
        Ok(read.pools().clone())
    }

    fn ask<'l>(&'l self, batch: &mut Batch) -> Queries<'l> {
        let [account, twin] = self.accounts;
        Queries {
            market: MarketQuery::add(&self.list, batch),
            account: AccountQuery::add(&self.list, account, None, batch),
            twin: AccountQuery::add(&self.list, twin, None, batch),
        }
    }
}

struct Queries<'l> {
    market: MarketQuery<'l>,
    account: AccountQuery,
    twin: AccountQuery,
}

impl Queries<'_> {
    fn decode(&self, answers: &crate::chain::Answers, block: BlockRef) -> Result<Reading, crate::aave::QueryError> {
        Ok(Reading {
            market: self.market.decode(answers, block)?,
            account: self.account.decode(answers)?,
            twin: self.twin.decode(answers)?,
        })
    }
}

impl Reading {
    /// The account at a step's prices.
    pub(super) const fn scene<'a>(&'a self, step: &'a Step) -> Scene<'a> {
        Scene { account: &self.account, market: &self.market, step }
    }

    /// The same accounts where Aave's oracle answers what a step says, at a time.
    pub(super) fn priced(&self, step: &Step, at: crate::units::Secs) -> Self {
        let mut reading = self.clone();
        reading.market.block.timestamp = reading.market.block.timestamp.max(at);
        for reserve in &mut reading.market.reserves {
            if let (Some(price), Some(new)) = (&mut reserve.price, step.prices.get(&reserve.asset)) {
                price.value = new.oracle;
            }
        }
        reading
    }

    /// Whether neither owes anything.
    pub(super) fn is_over(&self) -> bool {
        let owes = |account: &AccountState| account.holdings.values().any(|holding| !holding.scaled_debt.is_zero());
        !owes(&self.account) && !owes(&self.twin)
    }

    /// What borrowing costs the account a year, by what it owes of each asset.
    pub(super) fn rate(&self) -> Decimal {
        let (mut all, mut cost) = (Decimal::ZERO, Decimal::ZERO);
        for reserve in &self.market.reserves {
            let owed = self.account.owed(reserve, self.market.block.timestamp).unwrap_or_default();
            let value = reserve.debt_value(owed).ok().and_then(|value| to_decimal(value.0, 8)).unwrap_or_default();
            let rate = to_decimal(reserve.variable_borrow_rate.0, 27).unwrap_or_default();
            all = all.saturating_add(value);
            cost = cost.saturating_add(value.saturating_mul(rate));
        }
        cost.checked_div(all).unwrap_or_default()
    }
}
