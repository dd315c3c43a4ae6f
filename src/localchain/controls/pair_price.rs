//! Prices of assets that only the perpetuals venue trades. They have a feed, and no pools.

use alloy::primitives::{I256, U256};

use super::{
    Controls, PriceChange, PriceMoved, PriceReport, PriceScope, PriceTarget,
    feeds::Quote,
    one_block::{SMALL, mine_together},
};
use crate::localchain::{LocalChainError, Role, abi::IReplicaFeed, node::Call, venue::PairListing};

impl Controls {
    /// Sets the price of a pair whose asset Aave does not have.
    pub(super) async fn price_pair(
        &self,
        pair: &PairListing,
        change: &PriceChange,
        scope: PriceScope,
    ) -> Result<PriceReport, LocalChainError> {
        let (PriceTarget::Usd(wanted), false) = (change.target(), scope == PriceScope::PoolsOnly) else {
            return Err(LocalChainError::BadAmount(format!("{} has a feed in dollars and no pools", pair.from)));
        };
        let source = pair.feed()?;
        let trader = Role::Trader.address();
        // A fork of the live chain has nothing at our own feed's address.
        let before = if self.node.code(source).await?.is_empty() {
            U256::ZERO
        } else {
            self.node.ask(source, &IReplicaFeed::latestAnswerCall {}).await?.into_raw()
        };
        self.take_over_feed(Quote { source, price: before }).await?;
        let mut call = Call::new(trader, source, &IReplicaFeed::setCall { answer: I256::from_raw(wanted) });
        call.gas = SMALL;
        self.equip_for_gas(Role::Trader).await?;
        let block = mine_together(&self.node, Role::Trader, &[call], None).await?;
        let after = self.node.ask(source, &IReplicaFeed::latestAnswerCall {}).await?.into_raw();
        super::price::same(format!("price of {}", pair.from), wanted, after)?;
        let moved = PriceMoved { asset: pair.from.clone(), before, after };
        Ok(PriceReport {
            block,
            prices: vec![moved],
            standard_feeds: Vec::new(),
            oracle_follows_at: None,
            pools: Vec::new(),
        })
    }
}
