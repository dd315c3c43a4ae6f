//! Time: forward by exactly what was asked.

use serde_json::{Value, json};

use super::{
    Controls,
    feeds::quote,
    one_block::{SMALL, mine_together},
};
use crate::{
    chain::BlockRef,
    localchain::{
        LocalChainError, Role,
        abi::IReplicaFeed,
        market::{FeedPrice, Market},
        node::Call,
    },
    units::Secs,
};

/// What becomes of the feeds' age when time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeedAge {
    /// They grow old, as when nobody updates them.
    #[default]
    Grows,
    /// They say the same again, as of the new block.
    Refreshed,
}

impl Controls {
    /// Mines one block this much after the newest one.
    pub async fn warp(&self, duration: Secs, age: FeedAge) -> Result<BlockRef, LocalChainError> {
        if duration == Secs(0) {
            return Err(LocalChainError::BadAmount("time goes forward by at least one second".to_owned()));
        }
        let calls = match age {
            FeedAge::Grows => Vec::new(),
            FeedAge::Refreshed => self.refreshes().await?,
        };
        let then = self.node.head().await?.timestamp.plus(duration);
        if calls.is_empty() {
            self.node.request::<Value>("evm_setNextBlockTimestamp", json!([then.0])).await?;
            self.node.request::<Value>("evm_mine", json!([])).await?;
            return self.node.head().await;
        }
        mine_together(&self.node, Role::Trader, &calls, Some(then)).await
    }

    /// Every feed says again what it says, and standard feeds too; what was given in advance still comes. Ratio feeds are as
    /// old as the feed below them.
    async fn refreshes(&self) -> Result<Vec<Call>, LocalChainError> {
        let market = Market::get()?;
        let quotes = self.quotes(market).await?;
        let trader = Role::Trader.address();
        let mut calls = Vec::new();
        for feed in &market.feeds {
            let own = quote(&quotes, market.reserve(&feed.asset)?)?;
            if let FeedPrice::Ratio { base, .. } = &feed.price {
                self.take_over_ratio(own, quote(&quotes, market.reserve(base)?)?).await?;
                continue;
            }
            self.take_over_feed(own).await?;
            calls.push(Call { gas: SMALL, ..Call::new(trader, own.source, &IReplicaFeed::refreshCall {}) });
        }
        for standard in &market.standard_feeds {
            self.take_over_standard(standard, quote(&quotes, market.reserve(&standard.asset)?)?.price).await?;
            calls.push(Call { gas: SMALL, ..Call::new(trader, standard.address, &IReplicaFeed::refreshCall {}) });
        }
        self.equip_for_gas(Role::Trader).await?;
        Ok(calls)
    }
}
