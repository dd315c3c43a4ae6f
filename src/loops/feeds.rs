//! Prices of the feeds behind Aave's oracle, which they reach before it answers.

use std::collections::BTreeMap;

use alloy::{
    primitives::{Address, U256},
    sol,
};

use crate::{
    aave::ReserveList,
    chain::{Answers, Batch, Slot},
    config::TokenFeed,
    units::UsdE8,
};

sol! {
    #[derive(Debug)]
    /// A price feed as Chainlink's aggregators answer (docs.chain.link, AggregatorV3Interface).
    interface IAggregator {
        function decimals() external view returns (uint8 decimals);
        function latestRoundData() external view
            returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    }
}

/// Decimals of Aave's prices.
const DECIMALS: u8 = 8;

/// A feed in the settings is of a token that Aave does not list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("watch.feeds: Aave lists no {token}; it lists {}", .known.join(", "))]
pub struct UnknownFeed {
    /// The symbol in the settings.
    pub token: String,
    /// Symbols that Aave lists.
    pub known: Vec<String>,
}

/// The feeds of the settings (`[[watch.feeds]]`) by token, as [`Survey::with_feeds`](super::Survey::with_feeds) takes them.
pub fn feeds_by_token(feeds: &[TokenFeed], list: &ReserveList) -> Result<BTreeMap<Address, Address>, UnknownFeed> {
    let find = |TokenFeed { token, feed }: &TokenFeed| {
        let listing = list.listings.iter().find(|listing| listing.symbol == *token);
        let listing = listing.ok_or_else(|| UnknownFeed {
            token: token.clone(),
            known: list.listings.iter().map(|listing| listing.symbol.clone()).collect(),
        })?;
        Ok((listing.asset, *feed))
    };
    feeds.iter().map(find).collect()
}

/// Where a batch has the feeds' answers, by token.
#[derive(Debug)]
pub(super) struct FeedQuery(Vec<(Address, Slot<IAggregator::decimalsCall>, Slot<IAggregator::latestRoundDataCall>)>);

impl FeedQuery {
    /// Adds two calls per feed.
    pub(super) fn add(feeds: &BTreeMap<Address, Address>, batch: &mut Batch) -> Self {
        let ask = |(token, feed): (&Address, &Address)| {
            let decimals = batch.add(*feed, &IAggregator::decimalsCall {});
            (*token, decimals, batch.add(*feed, &IAggregator::latestRoundDataCall {}))
        };
        Self(feeds.iter().map(ask).collect())
    }

    /// The prices. A feed that does not answer, or answers with nothing that could be a price, is left out: the rules then
    /// go by Aave's oracle and the pools.
    pub(super) fn decode(&self, answers: &Answers) -> BTreeMap<Address, UsdE8> {
        let price = |(token, decimals, round): &(Address, _, _)| {
            let decimals = answers.find::<IAggregator::decimalsCall>(*decimals)?;
            let round = answers.find::<IAggregator::latestRoundDataCall>(*round)?;
            let answer = U256::try_from(round.answer).ok().filter(|answer| !answer.is_zero())?;
            if round.updatedAt.is_zero() {
                return None;
            }
            let scale = U256::from(10u8).checked_pow(U256::from(decimals.abs_diff(DECIMALS)))?;
            let scaled = if decimals > DECIMALS { answer / scale } else { answer.checked_mul(scale)? };
            (!scaled.is_zero()).then_some((*token, UsdE8(scaled)))
        };
        self.0.iter().filter_map(price).collect()
    }
}
