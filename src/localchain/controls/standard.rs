//! Standard feeds, which Aave's SVR feeds follow: what they answer, and moving them.

use alloy::primitives::{Address, I256, U256};

use super::{
    Controls, PriceChange, PriceScope, PriceTarget,
    feeds::{Quote, Quotes, quote},
    one_block::ANSWER,
};
use crate::localchain::{
    LocalChainError, Role,
    abi::IReplicaFeed,
    market::{FollowedFeed, Market},
    node::Call,
};

impl Controls {
    /// Makes a standard feed one of ours that answers what it answered before, or this where nothing answers.
    pub(in crate::localchain) async fn take_over_standard(
        &self,
        standard: &FollowedFeed,
        otherwise: U256,
    ) -> Result<(), LocalChainError> {
        let price = self.answer(standard.address).await.unwrap_or(otherwise);
        self.take_over_feed(Quote { source: standard.address, price }).await
    }

    /// What a feed answers, dollars with 8 decimals.
    pub(in crate::localchain) async fn answer(&self, feed: Address) -> Result<U256, LocalChainError> {
        Ok(self.node.ask(feed, &IReplicaFeed::latestAnswerCall {}).await?.into_raw())
    }

    /// The call that moves the standard feed of an asset, and what it says before; `None` where it has none.
    pub(super) async fn standard_call<'a>(
        &self,
        market: &'a Market,
        change: &PriceChange,
        before: &Quotes<'_>,
    ) -> Result<Option<(Call, (&'a FollowedFeed, U256))>, LocalChainError> {
        let reserve = market.reserve(change.symbol())?;
        let (Some(standard), PriceTarget::Usd(price)) = (market.standard_feed_of(reserve), change.target()) else {
            return Ok(None);
        };
        self.take_over_standard(standard, quote(before, reserve)?.price).await?;
        let answer = I256::from_raw(price);
        let call = Call::new(Role::Trader.address(), standard.address, &IReplicaFeed::setCall { answer });
        Ok(Some((Call { gas: ANSWER, ..call }, (standard, self.answer(standard.address).await?))))
    }
}

/// Only where Aave's feed follows a standard one can that one move first.
pub(super) fn refuse_delay(change: &PriceChange, scope: PriceScope) -> Result<(), LocalChainError> {
    let market = Market::get()?;
    let standard = market.reserve(change.symbol()).ok().and_then(|reserve| market.standard_feed_of(reserve));
    if standard.is_none() {
        let known: Vec<&str> = market.standard_feeds.iter().map(|feed| feed.asset.as_str()).collect();
        let why = format!(
            "{} has no standard feed that Aave's oracle could follow later; {} have one",
            change.symbol(),
            known.join(" and ")
        );
        return Err(LocalChainError::BadAmount(why));
    }
    if scope == PriceScope::PoolsOnly {
        let why = "only pools are to move: there is nothing that Aave's oracle could follow later".to_owned();
        return Err(LocalChainError::BadAmount(why));
    }
    Ok(())
}
