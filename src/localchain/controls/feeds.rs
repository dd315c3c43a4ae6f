//! What Aave's oracle says of every asset, and feeds made ours so that they say what we want.

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, U256};

use super::Controls;
use crate::{
    chain::{Answers, Batch, Slot},
    localchain::{
        LocalChainError,
        abi::{IAaveOracle, IReplicaFeed},
        genesis::AAVE_ORACLE,
        market::{Market, Reserve},
    },
    units::{WAD, mul_div_up},
};

/// What the oracle asks for one asset, and the answer (dollars, 8 decimals).
#[derive(Debug, Clone, Copy)]
pub(super) struct Quote {
    /// The feed.
    pub(super) source: Address,
    /// Its price.
    pub(super) price: U256,
}

/// All assets' quotes by symbol.
pub(super) type Quotes<'a> = BTreeMap<&'a str, Quote>;

/// The quote of a reserve; present for every reserve of the market.
pub(super) fn quote(quotes: &Quotes<'_>, reserve: &Reserve) -> Result<Quote, LocalChainError> {
    quotes.get(reserve.symbol.as_str()).copied().ok_or_else(|| LocalChainError::UnknownAsset {
        asset: reserve.symbol.clone(),
        known: quotes.keys().copied().collect::<Vec<_>>().join(", "),
    })
}

impl Controls {
    /// Asks the oracle for all assets in one call.
    pub(super) async fn quotes<'a>(&self, market: &'a Market) -> Result<Quotes<'a>, LocalChainError> {
        type Slots = (Slot<IAaveOracle::getSourceOfAssetCall>, Slot<IAaveOracle::getAssetPriceCall>);
        let mut batch = Batch::new();
        let slots: Vec<(&Reserve, Slots)> = market
            .reserves
            .iter()
            .map(|reserve| {
                let asset = reserve.token;
                let source = batch.add(AAVE_ORACLE, &IAaveOracle::getSourceOfAssetCall { asset });
                let price = batch.add(AAVE_ORACLE, &IAaveOracle::getAssetPriceCall { asset });
                (reserve, (source, price))
            })
            .collect();
        let answers: Answers = self.node.ask_all(&batch).await?;
        slots
            .into_iter()
            .map(|(reserve, (source, price))| {
                let unreadable = |error: crate::chain::ReadError| LocalChainError::Mismatch {
                    what: format!("oracle price of {}", reserve.symbol),
                    wanted: "a feed and its answer".to_owned(),
                    found: error.to_string(),
                };
                let source = answers.get(source).map_err(unreadable)?;
                let price = answers.get(price).map_err(unreadable)?;
                Ok((reserve.symbol.as_str(), Quote { source, price }))
            })
            .collect()
    }

    /// Makes a feed one of ours that answers what it answered before, unless it is ours already (base-replica.md §3.1).
    pub(super) async fn take_over_feed(&self, quote: Quote) -> Result<(), LocalChainError> {
        if self.node.code(quote.source).await? == self.code.feed {
            return Ok(());
        }
        let now = self.node.head().await?.timestamp.0;
        let description = short_string(&self.description(quote.source).await);
        // Answer, its time, the round, the description, no answers to come: all of them, because the old contract left its
        // own words there.
        let words = [quote.price, U256::from(now), U256::from(1), description, U256::ZERO];
        self.overlay(quote.source, &self.code.feed, &words).await
    }

    /// A contract's own words about itself; empty where it has none.
    async fn description(&self, feed: Address) -> String {
        self.node.ask(feed, &IReplicaFeed::descriptionCall {}).await.unwrap_or_default()
    }

    /// Makes a feed a ratio to another that answers what it answered before, unless it is one already.
    pub(super) async fn take_over_ratio(&self, quote: Quote, base: Quote) -> Result<(), LocalChainError> {
        if self.node.code(quote.source).await? == self.code.ratio_feed {
            return Ok(());
        }
        // Rounded up, because the feed rounds its product down.
        let ratio = mul_div_up(quote.price, WAD, base.price)
            .map_err(|error| LocalChainError::BadAmount(format!("ratio of feed {}: {error}", quote.source)))?;
        let base = U256::from_be_bytes(base.source.into_word().0);
        let description = short_string(&self.description(quote.source).await);
        self.overlay(quote.source, &self.code.ratio_feed, &[base, ratio, description]).await
    }

    async fn overlay(
        &self,
        at: Address,
        code: &alloy::primitives::Bytes,
        words: &[U256],
    ) -> Result<(), LocalChainError> {
        self.node.set_code(at, code).await?;
        for (slot, word) in words.iter().enumerate() {
            self.node.set_storage(at, U256::from(slot), B256::from(*word)).await?;
        }
        Ok(())
    }
}

/// A text as Solidity stores it in one word; nothing when it is too long for one.
fn short_string(text: &str) -> U256 {
    let mut word = [0; 32];
    match word.get_mut(..text.len()) {
        Some(room) if text.len() < 32 => room.copy_from_slice(text.as_bytes()),
        _ => return U256::ZERO,
    }
    U256::from_be_bytes(word) | U256::from(2 * text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_a_word_with_its_length_at_the_end() {
        let word = short_string("ETH / USD");
        assert_eq!(word >> 184, U256::from_be_slice(b"ETH / USD"));
        assert_eq!(word & U256::from(255u8), U256::from(18u8));
        assert_eq!(short_string(""), U256::ZERO);
        assert_eq!(short_string(&"x".repeat(32)), U256::ZERO);
    }
}
